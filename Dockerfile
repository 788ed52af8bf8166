# The image brings its own Node 24; the definitions file is made by `prepare` before development packages go.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 DATABASE_URL=sqlite:/data/chartbridge.db
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/generated ./generated
COPY package.json LICENSE chartbridge.js ./
COPY src ./src
COPY mappings ./mappings
COPY profiles ./profiles
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 2575
# Whose certificate it is does not matter to a check of this machine by itself.
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "require(process.env.TLS_CERT ? 'https' : 'http').get({ port: process.env.PORT || 8080, host: '127.0.0.1', path: '/readyz', rejectUnauthorized: false }, r => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "chartbridge.js", "serve"]
