/** One setting: where it comes from, what it may be and what it is when nobody says. */
export interface Setting {
  /** `url`: an address others are made of, by writing after it. */
  readonly kind: 'text' | 'integer' | 'choice' | 'zone' | 'url';
  readonly default: string;
  /** Units: what an integer counts. */
  readonly unit?: string;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
  /** A word that may stand instead of a number. */
  readonly or?: string;
  readonly what: string;
}

/**
 * Every setting, by its environment variable. docs/settings.md is generated from this table.
 */
export const settings = {
  HOST: {
    kind: 'text',
    default: '127.0.0.1',
    what: 'Address all listeners bind to. Anything but loopback needs authentication, or ALLOW_OPEN_NETWORK.',
  },
  PORT: {
    kind: 'integer',
    default: '8080',
    unit: 'port',
    least: 0,
    most: 65535,
    what: 'HTTP port, or HTTPS with TLS_CERT; 0 takes a free one.',
  },
  MLLP_PORT: {
    kind: 'integer',
    default: '2575',
    unit: 'port',
    least: 0,
    most: 65535,
    or: 'off',
    what: 'MLLP port; 0 takes a free one, off disables MLLP.',
  },
  BASE_URL: {
    kind: 'url',
    default: '',
    what: 'What links and fullUrls begin with, such as https://fhir.example.org/fhir. Empty: the address bound to. The Host header is never trusted.',
  },
  DATABASE_URL: {
    kind: 'text',
    default: 'sqlite:data/chartbridge.db',
    what: 'sqlite:PATH, sqlite::memory: (lost at the end, not durable) or mongodb://... (a replica set or a sharded cluster).',
  },
  LOG_LEVEL: {
    kind: 'choice',
    default: 'info',
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
    what: 'The least grave log line written.',
  },
  DEFAULT_TIME_ZONE: {
    kind: 'zone',
    default: '',
    what: 'IANA zone for a time without an offset, where neither the sender file nor MSH-7 gives one. Empty: such a time is cut to its date.',
  },
  DEFAULT_CHARSET: {
    kind: 'text',
    default: '',
    what: 'Character set of messages whose MSH-18 is empty and whose sender file names none. Empty: UTF-8, strictly.',
  },
  EXPORT_DIR: {
    kind: 'text',
    default: 'data/exports',
    what: 'Folder of the files of bulk exports, and of answers that are fetched later. They hold patient data. Gateways that share a database share this folder too.',
  },
  EXPORT_KEEP_HOURS: {
    kind: 'integer',
    default: '24',
    unit: 'hours',
    least: 1,
    most: 8760,
    what: 'How long a finished export, or an answer that is fetched later, and its files are kept.',
  },
  MAPPINGS: {
    kind: 'text',
    default: '',
    what: "Folder of mapping files of one's own. They add to those of the installation; one of the same name takes the other's place. Read again when they change.",
  },
  PROFILES: {
    kind: 'text',
    default: '',
    what: "FHIR packages (.tgz or folder) and folders of them, separated by commas; Chartbridge's own is always loaded. Empty: profiles/ of the installation.",
  },
  CLAIM_PROFILES: {
    kind: 'text',
    default: '',
    what: 'Addresses of profiles, separated by commas, that resources made from messages claim in meta.profile where they meet them. Empty: none.',
  },
  VALIDATION: {
    kind: 'choice',
    default: 'reject',
    choices: ['off', 'warn', 'reject'],
    what: 'Of writes over FHIR, what becomes of one that misses a profile it claims: refused, taken with a warning, or not checked. What is no R4 is always refused. Of feeds a sender file says it (validation).',
  },
  VALIDATION_BY_CLIENT: {
    kind: 'text',
    default: '',
    what: 'VALIDATION for single clients, as CLIENT=off|warn|reject, separated by commas.',
  },
  MESSAGE_KEEP_DAYS: {
    kind: 'integer',
    default: '0',
    unit: 'days',
    least: 0,
    most: 36500,
    what: 'How long the bytes and the trace of a message that has ended are kept. What is left recognises the same bytes and gives them their answer. Messages that wait or failed stay. 0: for ever.',
  },
  MESSAGE_KEEP_BYTES: {
    kind: 'integer',
    default: '0',
    unit: 'bytes',
    least: 0,
    most: 1000000000000000,
    what: 'Bytes of messages kept in all; above it those of the oldest that have ended go, as with MESSAGE_KEEP_DAYS. 0: no limit.',
  },
  MESSAGE_ROW_KEEP_DAYS: {
    kind: 'integer',
    default: '0',
    unit: 'days',
    least: 0,
    most: 36500,
    what: 'How long what is left of a message is kept. What was written (MSH-7) before the time messages are remembered from is refused then, for it may have been applied already; an operator can reprocess it. 0: for ever.',
  },
  DISK_RESERVE_BYTES: {
    kind: 'integer',
    default: '16777216',
    unit: 'bytes',
    least: 0,
    most: 17179869184,
    what: 'Room taken on the disk of an SQLite database (DATABASE.reserve) and given up when the disk is full, so that deletions and a start go on; nothing new is taken then. Taken when twice as much is free. 0: none.',
  },
  MAX_MESSAGE_BYTES: {
    kind: 'integer',
    default: '16777216',
    unit: 'bytes',
    least: 1024,
    most: 268435456,
    what: 'Longest HL7 message taken.',
  },
  MAX_BODY_BYTES: {
    kind: 'integer',
    default: '20971520',
    unit: 'bytes',
    least: 1024,
    most: 268435456,
    what: 'Longest FHIR request body taken.',
  },
  MAX_CONNECTIONS: {
    kind: 'integer',
    default: '256',
    unit: 'connections',
    least: 1,
    most: 65535,
    what: 'Connections of an MLLP listener at one time.',
  },
  MAX_CONNECTIONS_PER_PEER: {
    kind: 'integer',
    default: '32',
    unit: 'connections',
    least: 1,
    most: 65535,
    what: 'Connections of one peer address to an MLLP listener at one time.',
  },
  MAX_BYTES_IN_FLIGHT: {
    kind: 'integer',
    default: '67108864',
    unit: 'bytes',
    least: 1048576,
    most: 17179869184,
    what: 'Bytes of unanswered messages in all, by whatever listener; above it MLLP is not read from, and HTTP is answered 503.',
  },
  FRAME_SILENCE_MS: {
    kind: 'integer',
    default: '30000',
    unit: 'ms',
    least: 100,
    most: 3600000,
    what: 'Silence inside an MLLP frame after which the connection is closed.',
  },
  MLLP_STRICT: {
    kind: 'choice',
    default: 'no',
    choices: ['no', 'yes'],
    what: 'Whether an MLLP frame ends with FS CR and nothing else. Without it FS before the VT of the next frame, and FS before silence, end one too.',
  },
  LISTENERS: {
    kind: 'text',
    default: '',
    what: 'YAML file of further MLLP listeners: by its name, the settings of each that differ from those of the process; MLLP_PORT is one. docs/operations.md lists which may. Read again when it changes; listeners it says the same of as before go on undisturbed. Empty: none.',
  },
  ACK_TIMEOUT_MS: {
    kind: 'integer',
    default: '30000',
    unit: 'ms',
    least: 100,
    most: 3600000,
    what: 'How long a sender waits for an application acknowledgment. After it the connection closes without one; the message is kept, and its resend gets the stored answer.',
  },
  ACK_HTTP_STATUS: {
    kind: 'choice',
    default: 'ok',
    choices: ['ok', 'mapped'],
    what: 'HTTP status of an HL7 answer: always 200, or mapped (AA 200, AR 400, AE 500).',
  },
  CLIENTS_FILE: {
    kind: 'text',
    default: '',
    what: 'JSON file of the systems that may ask /auth/token for a token: client_id, jwks or jwks_uri, scopes, and patient where its scopes are patient/. With it, or ISSUERS, everybody logs in.',
  },
  ISSUERS: {
    kind: 'text',
    default: '',
    what: 'Other issuers whose tokens are believed, as issuer|address of its JWKS, separated by commas. The audience of a token must be BASE_URL.',
  },
  TOKEN_LIFETIME_S: {
    kind: 'integer',
    default: '300',
    unit: 's',
    least: 30,
    most: 3600,
    what: 'How long a token of /auth/token is valid.',
  },
  HL7_API_KEYS: {
    kind: 'text',
    default: '',
    what: 'Keys for HL7 over HTTP, as name=key separated by commas; a sender shows its key in X-API-Key. Keys have 20 characters or more; several may have one name. ALLOWED_SENDERS says as whom each may send.',
  },
  RATE_LIMIT: {
    kind: 'integer',
    default: '0',
    unit: 'requests/s',
    least: 0,
    most: 1000000,
    what: 'Requests a second of each client, sender or address, after a burst of twice as many; more is answered 429. 0: no limit.',
  },
  CORS_ORIGINS: {
    kind: 'text',
    default: '',
    what: 'Origins whose pages may read answers in a browser, separated by commas. Empty: none.',
  },
  AUDIT: {
    kind: 'choice',
    default: 'on',
    choices: ['on', 'strict', 'off'],
    what: 'Whether every access and every message is kept in the audit trail before it is answered; when it cannot be, nothing is answered. on: a read is written to a spool file, which outlives the process, and synced to the disk with the chain a moment later. strict: every answer waits until the disk has it. Writes and messages carry their record in their own transaction either way.',
  },
  TLS_KEY: { kind: 'text', default: '', what: 'File of the private key of PORT (PEM). With TLS_CERT: HTTPS, and no HTTP.' },
  TLS_CERT: {
    kind: 'text',
    default: '',
    what: 'File of the certificate of PORT and those above it (PEM). Read again when a file changes; connections stay.',
  },
  TLS_CA: {
    kind: 'text',
    default: '',
    what: 'File of the certificates that sign senders of HL7 over HTTP (PEM). A client may show a certificate then; one signed by them lets it send to /hl7v2, as a key does, and opens nothing else; any other is refused.',
  },
  TLS_CRL: {
    kind: 'text',
    default: '',
    what: 'File of the lists of revoked certificates, one of each authority of TLS_CA (PEM). Who is on one is refused, and so is everybody once a list has expired or is missing. Read again when it changes; connections that showed a certificate end then.',
  },
  TLS_PASSPHRASE_FILE: { kind: 'text', default: '', what: 'File whose first line is the passphrase of TLS_KEY. Empty: the key has none.' },
  MLLP_TLS_KEY: { kind: 'text', default: '', what: 'File of the private key of an MLLP listener (PEM). With MLLP_TLS_CERT: TLS.' },
  MLLP_TLS_CERT: {
    kind: 'text',
    default: '',
    what: 'File of the certificate of an MLLP listener and those above it (PEM). Read again when a file changes; connections stay.',
  },
  MLLP_TLS_CA: {
    kind: 'text',
    default: '',
    what: 'File of the certificates that sign senders (PEM). With it a sender without a certificate of theirs is refused.',
  },
  MLLP_TLS_CRL: {
    kind: 'text',
    default: '',
    what: 'File of the lists of revoked certificates, one of each authority of MLLP_TLS_CA (PEM); otherwise as TLS_CRL.',
  },
  MLLP_TLS_PASSPHRASE_FILE: {
    kind: 'text',
    default: '',
    what: 'File whose first line is the passphrase of MLLP_TLS_KEY. Empty: the key has none.',
  },
  ALLOWED_SENDERS: {
    kind: 'text',
    default: '',
    what: 'Sending applications and facilities whose messages are taken, as MSH-3|MSH-4 separated by commas; with =NAME only by who shows a certificate of that name (common name, or DNS name or URI among its alternative names), with =key:NAME only by who shows the key of that name (HL7_API_KEYS). Empty: all.',
  },
  MERGE_SENDERS: {
    kind: 'text',
    default: '',
    what: 'Sending applications and facilities that may merge, move or link patients, accounts and visits, or change their numbers (ADT A18, A24, A30, A34 to A37, A39 to A51), as MSH-3|MSH-4 separated by commas. Such a message of another is answered AE and not applied. Empty: all.',
  },
  MLLP_ALLOWED_PEERS: {
    kind: 'text',
    default: '',
    what: 'Addresses or CIDR ranges, separated by commas, that may connect over MLLP. Empty: any.',
  },
  NOTIFY_ALLOWED_HOSTS: {
    kind: 'text',
    default: '',
    what: 'Hosts subscriptions may notify, separated by commas; *.example.org for all below. Empty: none.',
  },
  ALERT_WEBHOOK: {
    kind: 'text',
    default: '',
    what: 'Address alerts are posted to, as JSON without anything of a patient, at their beginning and their end; its host must be in NOTIFY_ALLOWED_HOSTS. Empty: they are in the log, /status and /metrics alone.',
  },
  ALERT_IDLE_MINUTES: {
    kind: 'integer',
    default: '240',
    unit: 'minutes',
    least: 0,
    most: 100000,
    what: 'Silence of a feed (MSH-3|MSH-4) that is an alert. 0: none is.',
  },
  ALERT_IDLE_FEEDS: {
    kind: 'text',
    default: '',
    what: 'ALERT_IDLE_MINUTES for single feeds, as MSH-3|MSH-4=MINUTES separated by commas.',
  },
  ALERT_ERROR_PERCENT: {
    kind: 'integer',
    default: '10',
    unit: '%',
    least: 0,
    most: 100,
    what: 'Messages of a feed answered AE or AR, of twenty or more in ten minutes, that are an alert. 0: none are.',
  },
  ALERT_DISCONNECT_MINUTES: {
    kind: 'integer',
    default: '5',
    unit: 'minutes',
    least: 0,
    most: 100000,
    what: 'How long an MLLP peer that kept a connection for ten minutes or more may be without one before that is an alert. 0: always.',
  },
  ALERT_QUEUE_DEPTH: {
    kind: 'integer',
    default: '1000',
    unit: 'messages',
    least: 0,
    most: 1000000000,
    what: 'Messages that wait or are being worked on that are an alert. 0: never.',
  },
  ALERT_QUEUE_AGE_S: {
    kind: 'integer',
    default: '300',
    unit: 's',
    least: 0,
    most: 100000000,
    what: 'Age of the oldest message that is not finished that is an alert. 0: never.',
  },
  ALERT_DISK_PERCENT: {
    kind: 'integer',
    default: '10',
    unit: '%',
    least: 0,
    most: 99,
    what: 'Free room on the disk of the database below which there is an alert. A full disk always is one. 0: never.',
  },
  ALERT_CERTIFICATE_DAYS: {
    kind: 'integer',
    default: '30',
    unit: 'days',
    least: 0,
    most: 36500,
    what: 'Days before a certificate of a listener, or of those it trusts, expires from which on that is an alert. 0: never.',
  },
  ALLOW_OPEN_NETWORK: {
    kind: 'choice',
    default: 'no',
    choices: ['no', 'yes'],
    what: 'Whether a HOST that is not loopback may be served without authentication. Said every minute and in /readyz.',
  },
  SHUTDOWN_MS: {
    kind: 'integer',
    default: '10000',
    unit: 'ms',
    least: 0,
    most: 600000,
    what: 'How long a stop waits for whole frames and open requests to be answered.',
  },
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof settings;
