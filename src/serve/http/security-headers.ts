/** Sent with every answer. Answers are data about patients: never framed, sniffed, cached by others, or run as a page. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'private, no-cache',
  vary: 'Accept, Accept-Encoding, Authorization, Prefer',
};
