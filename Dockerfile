# A static binary on nothing: no shell, no package manager, no root.
#
#   docker build -t cutover:0.1.0 .
#   docker run --rm cutover:0.1.0 demo
#
# Alpine's Rust targets musl and links statically. ring compiles C, for which build-base brings a compiler.

FROM rust:1-alpine AS build
RUN apk add --no-cache build-base ca-certificates
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin cutover \
 && mkdir /out \
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
USER 65532:65532
# Webhooks, and the admin listener; the configuration says where they really are.
EXPOSE 8080 9090
ENTRYPOINT ["/cutover"]
CMD ["serve", "--config", "/etc/cutover/cutover.toml"]
