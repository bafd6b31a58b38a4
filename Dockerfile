# syntax=docker/dockerfile:1

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts ./scripts
COPY migrations ./migrations
COPY src ./src
RUN node scripts/bundle.ts

FROM node:24-slim
WORKDIR /app
# Hashing a password takes 19 MiB for a moment. Blocks of this size go back to the system at once, instead of growing the heap.
ENV NODE_ENV=production PATH=/app/bin:$PATH HOST=0.0.0.0 PORT=3000 MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1048576 GLIBC_TUNABLES=glibc.malloc.hugetlb=1
# The packages that are not in the bundle, because they read files of their own. A server on Postgres without seeds loads neither.
COPY --from=build /app/node_modules/@electric-sql/pglite ./node_modules/@electric-sql/pglite
COPY --from=build /app/node_modules/libpg-query ./node_modules/libpg-query
COPY --from=build /app/node_modules/@pgsql/types ./node_modules/@pgsql/types
COPY package.json LICENSE ./
COPY bin ./bin
COPY migrations ./migrations
COPY config ./config
COPY views ./views
COPY --from=build /app/dist ./dist
RUN NODE_COMPILE_CACHE=node_modules/.cache/compile node --eval "import('./dist/server.js')"
RUN install --directory --owner=node --group=node /data
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "http.get({ port: process.env.PORT, path: '/healthz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "--expose-gc", "--max-semi-space-size=4", "--heap-growing-percent=40", "dist/main.js"]
