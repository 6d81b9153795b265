# The gateway, and every other command of headgate:  docker build -t headgate .
FROM node:24-slim AS build
WORKDIR /build
# Without scripts: the Node that the repository pins for itself is no use where one is there already.
COPY package.json package-lock.json ./
RUN npm install --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY machines machines
RUN npm run build
# What is left runs: the optional packages for Postgres, Redis and OpenTelemetry too, as peers that are not optional any more.
RUN npm pkg delete devDependencies peerDependenciesMeta && npm prune --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY LICENSE ./
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
# Where files without a path of their own go: headgate.db, headgate-telemetry.db.
RUN mkdir /data && chown node:node /data
USER node
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Others than this machine reach 0.0.0.0, so it starts once a key was made, with the same volume or database:
#   docker run --rm -v headgate:/data headgate keys create --tenant me
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["serve", "--host", "0.0.0.0"]
