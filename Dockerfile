# The base is pinned by tag here: a digest is the pin of the one who builds. To have the same base tomorrow:
#   docker buildx imagetools inspect python:3.13-slim-trixie        prints the digest
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:... .
# What is installed on it is pinned by hash, in requirements-service.lock.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Dependencies first: this layer stays until a lock changes. The environment gets no pip of its own, and what builds the
# wheel stays in this stage. Wheels only: no package runs code of its own here, and no compiler is missed.
COPY requirements-build.lock requirements-service.lock ./
RUN python -m venv --without-pip /opt/goldpan \
    && pip install --require-hashes --only-binary :all: --requirement requirements-build.lock \
    && pip --python /opt/goldpan/bin/python install --require-hashes --only-binary :all: --requirement requirements-service.lock

COPY pyproject.toml README.md LICENSE .env.example ./
COPY config config
COPY goldpan goldpan
COPY sync sync
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/goldpan/bin/python install --no-deps --no-index dist/*.whl


FROM ${PYTHON_IMAGE}

LABEL org.opencontainers.image.title="goldpan" \
      org.opencontainers.image.description="Keeps HubSpot contacts in step with a membership business's nightly exports." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"

# tini is process 1. The kernel ignores SIGTERM for a process 1 that has no handler, so without it `docker stop` would have to
# kill every command but `goldpan serve`, which has one. tini passes signals on, and reaps what nobody waits for.
# The standard library is compiled once, here: the images come without, and at each start Python would do it again.
# Pip and all set-uid bits go: nothing is installed in a container, and nobody becomes root there. 10001 is nobody's uid on
# the host: a way out of the container owns nothing.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && rm -r "$(python -c 'import ensurepip; print(ensurepip.__path__[0])')" \
    && { python -m compileall -q -j 0 "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" || true; } \
    && python -m pip uninstall --yes pip \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin goldpan \
    && install --directory --owner goldpan --group goldpan --mode 0700 /data
COPY --from=build /opt/goldpan /opt/goldpan

# /data holds everything that lasts: config/, .env, inbox/, archive/ and state/. All else can be read-only, but for /tmp.
ENV PATH=/opt/goldpan/bin:$PATH GOLDPAN_HOME=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data

# Asks `goldpan serve` whether it is well. A container that runs another command is well as long as it runs.
HEALTHCHECK --interval=2m --timeout=30s --start-period=2m --retries=3 CMD ["python", "-P", "-m", "sync.healthcheck"]

# `goldpan serve` waits for the batches in flight and ends within 30 seconds: give it 40 (docker stop --time 40).
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "goldpan"]
CMD ["--help"]
