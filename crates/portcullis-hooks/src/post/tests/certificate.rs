//! A certificate made on the spot, so that no private key lies in the repository.

use std::sync::Arc;

use ::aws_lc_rs::rand::SystemRandom;
use ::aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// `ecdsa-with-SHA256`
const SIGNED_BY: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// `id-ecPublicKey` on `prime256v1`
const KEY_KIND: &[u8] =
    b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = match u8::try_from(body.len()) {
        Ok(short @ 0..128) => vec![short],
        Ok(byte) => vec![0x81, byte],
        Err(_) => [&[0x82], &u16::try_from(body.len()).unwrap().to_be_bytes()[..]].concat(),
    };
    [vec![tag], length, body].concat()
}

/// A certificate that signs itself, good from 2000 to 2049, and a server that has it.
pub(super) fn for_host(host: &str) -> (Vec<u8>, Arc<ServerConfig>) {
    let chance = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &chance).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref()).unwrap();
    let common_name = tagged(0x30, &[b"\x06\x03\x55\x04\x03", &tagged(0x0c, &[b"hook"])]);
    let name = tagged(0x30, &[&tagged(0x31, &[&common_name])]);
    let time = |text: &[u8]| tagged(0x17, &[text]);
    let validity = tagged(0x30, &[&time(b"000101000000Z"), &time(b"491231235959Z")]);
    let public = tagged(0x03, &[b"\0", key.public_key().as_ref()]);
    let public = tagged(0x30, &[KEY_KIND, &public]);
    let alternative = tagged(0x30, &[&tagged(0x82, &[host.as_bytes()])]);
    let alternative = tagged(0x30, &[b"\x06\x03\x55\x1d\x11", &tagged(0x04, &[&alternative])]);
    let extensions = tagged(0xa3, &[&tagged(0x30, &[&alternative])]);
    let head: &[u8] = b"\xa0\x03\x02\x01\x02\x02\x01\x01";
    let signed = tagged(0x30, &[head, SIGNED_BY, &name, &validity, &name, &public, &extensions]);
    let signature = key.sign(&chance, &signed).unwrap();
    let der = tagged(0x30, &[&signed, SIGNED_BY, &tagged(0x03, &[b"\0", signature.as_ref()])]);
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()));
    let server = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(der.clone())], private)
        .unwrap();
    (der, Arc::new(server))
}
