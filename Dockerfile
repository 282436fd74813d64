# The platform's own image: one image for serve, streams and console. `docker build -t adtally .`, or docker-compose.yml.

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /adtally
COPY package.json package-lock.json .npmrc ./
# Without optional packages: Node is in the image, and so the engine of the embedded warehouse (chDB, 550 MB) is left out; WAREHOUSE_URL names a server.
# No package builds or downloads anything when it is installed.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data SERVE_HOST=0.0.0.0 CONSOLE_HOST=0.0.0.0 STREAMS_PORT=8091
WORKDIR /adtally
COPY --from=packages /adtally/node_modules ./node_modules
# What is left out stands in .dockerignore.
COPY . .
# The files belong to root; the processes may write to /data and nowhere else.
RUN install -d -o node -g node -m 0750 /data
USER node
VOLUME /data
EXPOSE 8080 8090 8091
# Of whichever process it is: each listens on one of these.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "apps/container-health.ts"]
ENTRYPOINT ["node", "apps/adtally.mjs"]
CMD ["help"]
