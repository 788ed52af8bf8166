/** Shape: 127.0.0.1:2575, [::1]:2575 */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
