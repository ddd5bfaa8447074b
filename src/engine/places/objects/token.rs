//! Tokens that let somebody in for a while: one that is given, or one that is asked for with the key of a service account
//! (a claim that the key signs, RFC 7523).

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{encoded, is_this_machine};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ureq::http::Request;

use super::Store;
use crate::places::patience::{Trouble, patiently, said, unreached, whole_text};
use crate::places::secrets::HIDDEN;

/// What a token is asked for: to read objects, and to write them.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";
const HEAD: &str = r#"{"alg":"RS256","typ":"JWT"}"#;
/// Seconds for which one is asked.
const LIFE: i64 = 3600;
/// One that is older is asked for anew.
const USED: Duration = Duration::from_secs(50 * 60);

/// The key of a service account, as Google gives it.
#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    /// PEM of PKCS #8.
    private_key: String,
    token_uri: String,
}

/// In seconds since 1970.
#[derive(Serialize)]
struct Claim<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

/// The token of a connection that was asked for, with when.
#[derive(Default)]
pub(super) struct Token(Mutex<Option<(String, Instant)>>);

impl Token {
    /// The token to go along with a request; `None`: the connection has none.
    pub fn get(&self, store: &Store) -> Result<Option<String>, Diagnostic> {
        let secrets = &store.opened.secrets;
        let Some(key) = secrets.get("service_account") else {
            return Ok(secrets.get("token").map(str::to_owned));
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, _)) = kept.as_ref().filter(|(_, asked)| asked.elapsed() < USED) {
            return Ok(Some(token.clone()));
        }
        let token = asked_for(store, key)?;
        *kept = Some((token.clone(), Instant::now()));
        Ok(Some(token))
    }

    /// A text without the token that was asked for.
    pub fn hidden(&self, text: &str) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map_or_else(|| text.to_owned(), |(token, _)| text.replace(token.as_str(), HIDDEN))
    }
}

fn asked_for(store: &Store, key: &str) -> Result<String, Diagnostic> {
    let opened = store.opened;
    let no_key = || {
        let fault = opened.fault("PW1167", "the secret `service_account` is no key of a service account");
        fault.help(
            "let it name the file that Google gives for one: JSON with `client_email`, `private_key`, `token_uri`",
        )
    };
    let account: ServiceAccount = serde_json::from_str(key).map_err(|_| no_key())?;
    let address = account.token_uri.trim();
    let host = address.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    if !(address.starts_with("https://") || address.starts_with("http://") && is_this_machine(host)) {
        return Err(no_key());
    }
    let claim = signed_claim(&account, chrono::Utc::now().timestamp()).ok_or_else(no_key)?;
    let grant = encoded("urn:ietf:params:oauth:grant-type:jwt-bearer");
    let body = format!("grant_type={grant}&assertion={claim}");
    // The address stands in the key, and is hidden as all of it is.
    let shown = "what gives tokens to the service account";
    let text = patiently(opened, || {
        let request = Request::builder()
            .method("POST")
            .uri(address)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.as_str())
            .map_err(|_| Trouble::Lasting(no_key()))?;
        let mut answer = store.agent.run(request).map_err(|error| unreached(opened, &error, shown))?;
        let status = answer.status();
        if status.is_success() {
            return whole_text(opened, &mut answer, shown);
        }
        let why = serde_json::from_str::<Json>(&said(opened, &mut answer)).unwrap_or_default();
        let why = why["error_description"].as_str().or(why["error"].as_str()).map(|why| format!(": {why}"));
        let message = format!("{shown} refuses one ({}){}", status.as_u16(), why.unwrap_or_default());
        let help = "see whether the key of the service account is still in force; with a wrong clock none is";
        Err(Trouble::of_status(status.as_u16(), opened.fault("PW0671", &message).help(help), answer.headers()))
    })?;
    let token =
        serde_json::from_str::<Json>(&text).ok().and_then(|answer| Some(answer["access_token"].as_str()?.to_owned()));
    token.ok_or_else(|| {
        let message = format!("{shown} answers with none");
        opened.fault("PW0675", &message).help("see whether the key of the service account is whole")
    })
}

/// Who asks, for what, until when, signed (a JWT, RS256).
fn signed_claim(account: &ServiceAccount, now: i64) -> Option<String> {
    let text: String = account.private_key.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(text).ok()?).ok()?;
    let (iss, aud) = (account.client_email.as_str(), account.token_uri.trim());
    let claim = serde_json::to_string(&Claim { iss, scope: SCOPE, aud, iat: now, exp: now + LIFE }).ok()?;
    let text = [HEAD, claim.as_str()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature is the one that OpenSSL makes.
    #[test]
    fn claims_are_signed_with_the_account_s_key() {
        let key = include_str!("../../../../tests/it/places/service-account.json");
        let account: ServiceAccount = serde_json::from_str(key).unwrap();
        let claim = signed_claim(&account, 1_772_445_600).unwrap();
        let parts: Vec<&str> = claim.split('.').collect();
        assert_eq!(
            String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap(),
            r#"{"iss":"reader@tests.example","scope":"https://www.googleapis.com/auth/devstorage.read_write","aud":"https://tokens.example/token","iat":1772445600,"exp":1772449200}"#
        );
        assert!(parts[2].len() == 342 && parts[2].starts_with("oqWq8sZafXmfbHHn0f0LhTPuIW6Sl2jy4WfjY6lxg8G"));
        let other = ServiceAccount { private_key: "-----BEGIN PRIVATE KEY-----\nAAAA\n".into(), ..account };
        assert_eq!(signed_claim(&other, 0), None);
    }
}
