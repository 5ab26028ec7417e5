# The image of the action and of the command: docker build -t mlci .
# The last stage is one file system made of the others, so that what they removed takes no room in it.
ARG BASE=python:3.12-slim@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

# --- what mlci depends on: made anew where the lock files change --------------------------------------------------
FROM ${BASE} AS dependencies
ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_NO_INSTALLER_METADATA=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
# hadolint ignore=DL3008
RUN apt-get -q update \
 && apt-get -qy install --no-install-recommends binutils \
 && rm -rf /var/lib/apt/lists/*
COPY requirements/uv.txt requirements/run.txt requirements/
RUN python -m venv --without-pip /opt/mlci \
 && pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt \
 && uv pip sync --python /opt/mlci --require-hashes requirements/run.txt
COPY scripts/slim scripts/bytecode scripts/
# what is imported is compiled here: it halves the time of a small run
RUN scripts/slim packages /opt/mlci \
 && /opt/mlci/bin/python scripts/bytecode

# --- mlci itself: made anew with every change ---------------------------------------------------------------------
FROM dependencies AS mlci
COPY requirements/dev.txt requirements/
COPY LICENSE README.md pyproject.toml ./
COPY examples examples
COPY mlci mlci
RUN uv build --wheel --require-hashes --build-constraints requirements/dev.txt --out-dir dist \
 && uv pip install --python /opt/mlci --no-deps --prefix prefix dist/*.whl \
 && /opt/mlci/bin/python -m compileall -q --invalidation-mode unchecked-hash prefix
COPY entrypoint.py prefix/

# --- the system: the base, git, and what compiled packages expect -------------------------------------------------
FROM ${BASE} AS system
ARG SOURCE_DATE_EPOCH
COPY scripts/slim /
# two users for code of the repository: the pull request's, and that of the branch that it is compared with;
# git reads a workspace that belongs to the runner's user only where it is told that this is safe
RUN /slim system \
 && rm /slim \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mlci \
 && useradd --uid 10002 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mlci-base \
 && git config --system --add safe.directory '*' \
 && git config --system safe.bareRepository explicit

FROM scratch
# hadolint ignore=DL3067
COPY --from=system / /
COPY --from=dependencies /opt/mlci /opt/mlci
COPY --from=mlci /build/prefix /opt/mlci
ENV PATH=/opt/mlci/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    MLCI_CHILD_USER=mlci
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="mlci" \
      org.opencontainers.image.description="Code review for data and models: a pull request cannot quietly make them worse." \
      org.opencontainers.image.source="https://github.com/mlci/mlci" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# no shell: variables such as INPUT_FAIL-ON would not come through one
ENTRYPOINT ["/opt/mlci/bin/python", "-I", "/opt/mlci/entrypoint.py"]
