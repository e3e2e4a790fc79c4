# Written without a Docker engine at hand: the commands in it were run one by one, the build as a whole was not.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools ./tools
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY contract ./contract
COPY migrations ./migrations
COPY simulator ./simulator
COPY src ./src
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY tools ./tools
# Optional packages are the embedded Postgres and a Node for machines with an old one: the image has Node, and a container
# is meant to use a database that outlives it. None of the others has a script to run.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY bin ./bin
COPY contract ./contract
# The image's own unprivileged user; nothing below /app is writable for it.
USER node
EXPOSE 8787
# An answer is health; what it says about freshness is for the status page.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.LOBBIE_SYNC_PORT || 8787) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/lobbie-sync.js"]
CMD ["serve"]
