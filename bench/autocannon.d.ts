declare module 'autocannon' {
  interface Result {
    readonly requests: { readonly average: number };
    readonly latency: { readonly p97_5: number; readonly p99: number };
    readonly non2xx: number;
  }
  interface Options {
    readonly url: string;
    readonly connections: number;
    readonly duration: number;
    /** Asked for in turn instead of `url`. */
    readonly requests?: readonly { readonly method: 'GET'; readonly path: string }[];
  }
  export default function autocannon(options: Options): Promise<Result>;
}
