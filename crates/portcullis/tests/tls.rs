//! TLS by the configuration: files that change are in force at once, faulty ones never.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use crate::common::http::once;
use crate::common::{House, Platform, free_port, text, until};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

type Paper = CertifiedKey<rcgen::KeyPair>;

fn paper() -> Paper {
    generate_simple_self_signed(["gate.test".to_owned()]).unwrap()
}

/// A house whose gate listens with TLS, and beside it without.
fn house(platform: &Platform, paper: &Paper) -> (House, SocketAddr) {
    let house = House::init(&platform.url());
    let secure = free_port();
    std::fs::create_dir(house.dir().join("tls")).unwrap();
    put(&house, paper);
    house.edit(
        "portcullis.yaml",
        &format!("  listen: {}\n", house.public),
        &format!(
            "  listen:\n    - address: {}\n    - address: {secure}\n      tls:\n        certificates:\n          - {{ chain: tls/chain.pem, key: {{ file: tls/key.pem }} }}\n",
            house.public
        ),
    );
    (house, secure)
}

/// Puts a certificate and its key where the gate reads them, each as a whole.
fn put(house: &House, paper: &Paper) {
    let key = paper.signing_key.serialize_pem();
    for (name, text) in [("key.pem", key), ("chain.pem", paper.cert.pem())] {
        use std::os::unix::fs::PermissionsExt;
        let path = house.dir().join("tls").join(name);
        std::fs::write(path.with_extension("new"), text).unwrap();
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(path.with_extension("new"), mode).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    }
}

/// The status of a call by somebody who believes that certificate alone.
fn call(at: SocketAddr, believed: &Paper, house: &House) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(believed.cert.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("gate.test").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(tls, TcpStream::connect(at).unwrap());
    let request = format!(
        "GET /v21.0/me?fields=id HTTP/1.1\r\nhost: gate.test\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
        house.key
    );
    stream.write_all(request.as_bytes()).map_err(|why| why.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|why| why.to_string())?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}

const OK: &str = "HTTP/1.1 200 OK";

#[test]
fn changed_certificates_come_into_force_and_faulty_ones_change_nothing() {
    let platform = Platform::start(None);
    let (old, new) = (paper(), paper());
    let (house, secure) = house(&platform, &old);
    let gate = house.serve();
    let said = format!("http://{} and https://{secure}", house.public);
    assert!(gate.talk().contains(&said), "{}", gate.talk());
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    assert_eq!(call(secure, &old, &house).unwrap(), OK);
    put(&house, &new);
    gate.wait_for("the changed certificates are in force").unwrap();
    assert_eq!(call(secure, &new, &house).unwrap(), OK);
    assert!(call(secure, &old, &house).is_err());
    std::fs::write(house.dir().join("tls/chain.pem"), "half a file").unwrap();
    gate.wait_for("tls/chain.pem` holds no certificate").unwrap();
    assert_eq!(call(secure, &new, &house).unwrap(), OK, "those before stay in force");
    let ready = once(house.admin, "/readyz", "");
    assert!(ready.status == 200 && ready.body.contains("holds no certificate"), "{}", ready.body);
    put(&house, &old);
    until("those before are back", || call(secure, &old, &house).is_ok());
    assert!(!once(house.admin, "/readyz", "").body.contains("holds no certificate"));
}

#[test]
fn sighup_has_all_files_looked_at_and_ends_nothing() {
    let platform = Platform::start(None);
    let (house, secure) = house(&platform, &paper());
    let mut gate = house.serve();
    // Not seen by itself: what a link leads to lies in a folder that nobody named.
    let elsewhere = house.dir().join("elsewhere.pem");
    std::fs::rename(house.dir().join("tls/chain.pem"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, house.dir().join("tls/chain.pem")).unwrap();
    let new = paper();
    let key = std::fs::read_to_string(house.dir().join("tls/key.pem")).unwrap();
    let same_key = rcgen::KeyPair::from_pem(&key).unwrap();
    let params = rcgen::CertificateParams::new(["gate.test".to_owned()]).unwrap();
    let cert = params.self_signed(&same_key).unwrap();
    let renewed = Paper { cert, signing_key: same_key };
    std::fs::write(&elsewhere, renewed.cert.pem()).unwrap();
    gate.hang_up();
    gate.wait_for("the changed certificates are in force").unwrap();
    assert_eq!(call(secure, &renewed, &house).unwrap(), OK);
    assert!(call(secure, &new, &house).is_err());
    assert_eq!(gate.terminate(), Some(0));
}

#[test]
fn a_gate_without_what_tls_stands_on_does_not_start_and_says_why() {
    let platform = Platform::start(None);
    let (house, secure) = house(&platform, &paper());
    let check = |from: &str, to: &str, words: &[&str]| {
        house.edit("portcullis.yaml", from, to);
        let output = house.cli(&["check", house.dir().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        for word in words {
            assert!(text(&output).contains(word), "no {word} in {}", text(&output));
        }
        house.edit("portcullis.yaml", to, from);
    };
    check("tls/chain.pem", "tls/none.pem", &["PC0071", "tls/none.pem"]);
    check("tls/chain.pem", "tls/key.pem", &["PC0071", "holds no certificate"]);
    check("tls/key.pem", "tls/chain.pem", &["PC0071", "no private key"]);
    check("key: {", "kee: {", &["kee"]);
    check(&format!("address: {secure}"), "address: nowhere", &["PC0003", "`nowhere`"]);
    let at = format!("- address: {secure}\n");
    check(&at, &format!("{at}      proxy_protocol: []\n"), &["PC0072", "nobody could connect"]);
    check("  listen:\n", "  listen: []\n  before:\n", &["PC0070", "0 listeners"]);
    let public = format!("address: {}", house.public);
    check(&public, &format!("address: {secure}"), &["PC0004", "two listeners"]);
    check(&public, &format!("address: {}", house.admin), &["PC0004", "admin API"]);
}
