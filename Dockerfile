# Pinned by tag: a digest is the pin of the one who builds. To add it: docker buildx imagetools inspect
# python:3.13-slim-bookworm, then FROM python:3.13-slim-bookworm@sha256:…
FROM python:3.13-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/goldpan
WORKDIR /src

# Dependencies first: this layer stays until the lock changes.
COPY requirements-base.lock ./
RUN /opt/goldpan/bin/pip install --require-hashes --requirement requirements-base.lock

COPY pyproject.toml README.md LICENSE .env.example ./
COPY config config
COPY goldpan goldpan
COPY sync sync
RUN /opt/goldpan/bin/pip install --no-deps --no-build-isolation .


FROM python:3.13-slim-bookworm

# Nobody's uid on the host, so that a way out of the container owns nothing there.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin goldpan \
    && install --directory --owner goldpan --group goldpan --mode 0700 /data
COPY --from=build /opt/goldpan /opt/goldpan

# /data holds everything that lasts: config/ (if you keep your own), inbox/, archive/ and state/.
ENV PATH=/opt/goldpan/bin:$PATH GOLDPAN_HOME=/data PYTHONUNBUFFERED=1
USER goldpan
WORKDIR /data
VOLUME /data

# The state database opens and its schema is the one this version knows.
HEALTHCHECK --interval=5m --timeout=30s --start-period=30s CMD ["goldpan", "runs"]

ENTRYPOINT ["goldpan"]
CMD ["--help"]
