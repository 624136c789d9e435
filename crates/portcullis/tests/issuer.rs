//! An issuer of tokens that speaks TLS: its keys are fetched by the machine's own authorities, and not
//! from whom none of them knows.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use crate::common::{Gate, House, command, text};
use crate::idp::{Issuer, Key};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::json;

/// Ends TLS before an issuer, with a certificate of its own in a file; its address.
fn front(issuer: &Issuer, file: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(file, cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let behind = issuer.url.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), config) = (stream, Arc::clone(&config)) else { return };
            let _who_believes_nothing_goes_away = pass(stream, config, &behind);
        }
    });
    url
}

fn pass(mut from: TcpStream, config: Arc<ServerConfig>, to: &str) -> std::io::Result<()> {
    let mut tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut from = Stream::new(&mut tls, &mut from);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && from.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let mut behind = TcpStream::connect(to)?;
    behind.write_all(&head)?;
    let mut answer = Vec::new();
    behind.read_to_end(&mut answer)?;
    from.write_all(&answer)?;
    from.conn.send_close_notify();
    from.flush()
}

/// A gate that believes the authorities of a file.
fn serve(house: &House, authorities: &Path) -> Gate {
    let mut serve = command(&["serve", "--config", house.config().to_str().unwrap()]);
    serve.env("SSL_CERT_FILE", authorities);
    let gate = Gate::spawn_command(serve);
    gate.wait_for("serving").unwrap_or_else(|talk| panic!("the gate did not start: {talk}"));
    gate
}

#[test]
fn keys_of_an_issuer_come_over_tls_and_from_whom_the_machine_believes() {
    let (issuer, key) = (Issuer::open(), Key::ec("one"));
    issuer.serve(&[&key]);
    let house = House::init("http://127.0.0.1:9");
    let (known, other) = (house.dir().join("known.pem"), house.dir().join("other.pem"));
    let url = front(&issuer, &known);
    front(&issuer, &other);
    let people = format!(
        "people:\n  oidc:\n    issuer: {url}\n    audience: portcullis\n    jwks: {url}/jwks\n    roles_claim: groups\n    roles: {{ gate-readers: viewer }}\n"
    );
    house.edit("portcullis.yaml", "people:\n", &people);
    let token = key.token(&json!({
        "iss": url, "aud": "portcullis", "sub": "ana", "groups": ["gate-readers"],
        "nbf": 0, "exp": 4_102_444_800u64,
    }));
    let file = house.dir().join("token");
    std::fs::write(&file, token).unwrap();
    let asks = || {
        let config = house.config();
        let output = command(&["partner", "list"])
            .args(["--config", config.to_str().unwrap()])
            .args(["--token-file", file.to_str().unwrap()])
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    };
    let gate = serve(&house, &known);
    let (code, said) = asks();
    assert_eq!((code, issuer.fetches()), (Some(0), 1), "{said}");
    drop(gate);
    let _gate = serve(&house, &other);
    let (code, said) = asks();
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("issuer"), "{said}");
    assert_eq!(issuer.fetches(), 1, "nothing is asked of whom nobody vouches for");
}
