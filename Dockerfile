# A static binary on nothing: no shell, no package manager, no root.
#
#   docker build -t cutover:0.2.0 .
#   docker run --rm cutover:0.2.0 demo
#
# Alpine's Rust targets musl and links statically. ring and SQLite compile C, for which build-base brings a compiler.

FROM rust:1-alpine AS build
RUN apk add --no-cache build-base ca-certificates
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin cutover \
 && mkdir -p /out/lib/cutover \
 && chmod 0700 /out/lib/cutover \
 && cp target/release/cutover /out/cutover \
 && ! readelf --program-headers /out/cutover | grep -q INTERP

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
