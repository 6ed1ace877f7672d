# The `factory` command with its pages. Built by docker compose.
FROM node:22.20.0-bookworm-slim AS pages
WORKDIR /build/dashboards/web/ui
COPY dashboards/web/ui/package.json dashboards/web/ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY dashboards/web/ui ./
RUN npm run build

FROM python:3.11.14-slim-bookworm
RUN useradd --create-home --uid 10001 factory
WORKDIR /app
COPY pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES.md futurefactory.py ./
COPY locks/run.txt locks/
COPY twin twin
COPY devices devices
COPY brokers brokers
COPY dashboards dashboards
COPY scenarios scenarios
COPY --from=pages /build/dashboards/static dashboards/static
RUN pip install --no-cache-dir --require-hashes -r locks/run.txt && \
    pip install --no-cache-dir --no-deps --no-build-isolation -e . && mkdir /data && chown factory /data
USER factory
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["factory"]
