# A static binary on nothing: no shell, no package manager, no root.
#
#   docker build -t cutover:0.4.0 .
#   docker run --rm cutover:0.4.0 demo
#
# glibc, linked in: the CI builds the same with deploy/build-static and starts it in an empty root. Debian's image
# brings the C compiler for ring and SQLite. Any architecture that Rust's image has will do.

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN deploy/build-static /out/cutover \
 && mkdir -p /out/lib/cutover \
 && chmod 0700 /out/lib/cutover

FROM scratch
LABEL org.opencontainers.image.title="cutover" \
      org.opencontainers.image.description="Proxy between WhatsApp webhooks and the format a consumer was written for" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT"
# `serve` and `check` bring their own authorities; `replay` over https looks for the system's.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/cutover /cutover
COPY LICENSE-APACHE LICENSE-MIT /licenses/
# The journal's folder, cutover's own; a new named volume takes its owner and mode from here.
COPY --from=build --chown=65532:65532 /out/lib/ /var/lib/
USER 65532:65532
WORKDIR /var/lib/cutover
# There is no /tmp; `demo` keeps its journal here while it runs.
ENV TMPDIR=/var/lib/cutover
# Mount a volume with a name: one without goes with its container, and what is still owed with it.
VOLUME /var/lib/cutover
# Webhooks, and the admin listener; the configuration says where they really are.
EXPOSE 8080 9090
ENTRYPOINT ["/cutover"]
CMD ["serve", "--config", "/etc/cutover/cutover.toml"]
