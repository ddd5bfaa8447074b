//! Tests of the rules.

use serde_json::json;

use super::*;
use crate::data::DataType;

fn policy(json: serde_json::Value) -> Policy {
    serde_json::from_value(json).unwrap()
}

fn labels(json: serde_json::Value) -> Labels {
    serde_json::from_value(json).unwrap()
}

fn site(stack: &str, residency: &str, audience: &[&str]) -> Site {
    let audience = audience.iter().map(|team| (*team).to_owned()).collect();
    Site { stack: stack.into(), residency: residency.into(), audience }
}

fn under(organisation: serde_json::Value, own: Option<serde_json::Value>) -> InForce {
    let teams = [("t-bi".to_owned(), "Insight".to_owned()), ("t-fraud".to_owned(), "Fraud".to_owned())];
    InForce { organisation: vec![policy(organisation)], own: own.map(policy), teams: teams.into() }
}

fn codes(in_force: &InForce, labels: &Labels, site: &Site) -> Vec<&'static str> {
    in_force.violations(labels, site).iter().map(Violation::code).collect()
}

#[test]
fn without_a_policy_secrets_stay_and_what_is_not_said_is_against_a_destination() {
    let rules = InForce::default();
    let anywhere = Site::default();
    assert_eq!(codes(&rules, &Labels::default(), &anywhere), [""; 0]);
    assert_eq!(codes(&rules, &labels(json!({"classification": "personal"})), &anywhere), [""; 0]);
    assert_eq!(codes(&rules, &labels(json!({"classification": "secret"})), &anywhere), ["PW1001"]);
    let fraud = labels(json!({"access": ["t-fraud"]}));
    assert_eq!(codes(&rules, &fraud, &anywhere), ["PW1002"]);
    assert_eq!(codes(&rules, &fraud, &site("", "", &["t-fraud"])), [""; 0]);
    assert_eq!(codes(&rules, &fraud, &site("", "", &["t-fraud", "t-bi"])), ["PW1002"]);
    assert_eq!(codes(&rules, &labels(json!({"access": []})), &site("", "", &["t-fraud"])), ["PW1002"]);
    let eu = labels(json!({"residency": "eu"}));
    assert_eq!(codes(&rules, &eu, &anywhere), ["PW1003"]);
    assert_eq!(codes(&rules, &eu, &site("", "us", &[])), ["PW1003"]);
    assert_eq!(codes(&rules, &eu, &site("", "eu", &[])), [""; 0]);
    let both = labels(json!({"residency": ["eu", "us"]}));
    assert_eq!(codes(&rules, &both, &site("", "eu", &[])), ["PW1003"], "data of two places lies in neither");
}

#[test]
fn limits_hold_by_stack_place_and_team() {
    let limits = json!({"name": "Acme", "highest": {"stacks": {"vault": "secret", "bi": "internal"},
        "places": {"us": "public"}, "teams": {"Fraud": "personal", "*": "internal"}}});
    let rules = under(limits, None);
    let personal = labels(json!({"classification": "personal"}));
    assert_eq!(codes(&rules, &personal, &site("", "", &["t-fraud"])), [""; 0], "a team goes by its title too");
    assert_eq!(codes(&rules, &personal, &site("bi", "", &["t-fraud"])), ["PW1001"]);
    assert_eq!(codes(&rules, &personal, &site("", "", &["t-fraud", "t-bi"])), ["PW1001"]);
    assert_eq!(codes(&rules, &personal, &Site::default()), ["PW1001"], "who does not say is one of the others");
    assert_eq!(codes(&rules, &Labels::default(), &site("", "us", &["t-fraud"])), ["PW1001"]);
    let public = labels(json!({"classification": "public"}));
    assert_eq!(codes(&rules, &public, &site("", "us", &["t-fraud"])), [""; 0]);
    let secret = labels(json!({"classification": "secret"}));
    let only_stacks = under(json!({"highest": {"stacks": {"vault": "secret"}}}), None);
    assert_eq!(codes(&only_stacks, &secret, &site("vault", "", &[])), [""; 0]);
    assert_eq!(codes(&only_stacks, &secret, &site("bi", "", &[])), ["PW1001"]);
    for shouted in [site("BI", "", &["t-fraud"]), site("", " US ", &["t-fraud"]), site("", "", &["INSIGHT"])] {
        assert_eq!(codes(&rules, &personal, &shouted), ["PW1001"], "capitals make no other name: {shouted:?}");
    }
    let found = rules.violations(&personal, &site("bi", "", &["t-fraud"]));
    assert_eq!(
        found[0].message("`client`", false),
        "`client` is personal, but “Acme” lets the stack `bi` have internal data at most"
    );
    assert!(found[0].is_mended_by_lowering() && found[0].help("“Log” (Ops)").contains("Mask or hash"));
}

#[test]
fn residency_and_stacks_follow_the_organisation() {
    let rules = under(json!({"residency": {"eu": ["ch"]}, "apart": [["pay", "ads", "crm"]]}), None);
    let eu = labels(json!({"residency": "eu", "stacks": "pay"}));
    assert_eq!(codes(&rules, &eu, &site("", "ch", &[])), [""; 0]);
    assert_eq!(codes(&rules, &eu, &site("", "us", &[])), ["PW1003"]);
    assert_eq!(codes(&rules, &eu, &site("ads", "eu", &[])), ["PW1004"]);
    assert_eq!(codes(&rules, &eu, &site("Ads", "EU", &[])), ["PW1004"]);
    assert_eq!(codes(&rules, &eu, &site("", "CH", &[])), [""; 0]);
    assert_eq!(codes(&rules, &eu, &site("pay", "eu", &[])), [""; 0]);
    assert!(rules.apart(["pay", "web"]).is_none() && rules.apart(["web", "crm", "pay"]).is_some());
    let stricter = under(json!({"residency": {"eu": ["ch", "no"]}}), Some(json!({"residency": {"eu": ["no"]}})));
    assert_eq!(codes(&stricter, &eu, &site("", "ch", &[])), ["PW1003"]);
    assert_eq!(codes(&stricter, &eu, &site("", "no", &[])), [""; 0]);
}

#[test]
fn measures_of_small_groups_are_as_personal_as_what_they_measure() {
    let rules = under(json!({"smallest_group": 10, "highest": {"teams": {"*": "internal"}}}), None);
    let of = |rows: u64| labels(json!({"classification": "internal", "smallest_group": rows}));
    assert_eq!(codes(&rules, &of(10), &site("", "", &["t-bi"])), [""; 0]);
    let small = rules.violations(&of(9), &site("", "", &["t-bi"]));
    assert!(small[0].message("`mean`", false).contains("of groups of 9 rows or more"), "{small:?}");
    assert_eq!(under(json!({}), None).smallest_group(), SMALLEST_GROUP);
    assert_eq!(under(json!({"smallest_group": 3}), Some(json!({"smallest_group": 20}))).smallest_group(), 20);
    assert_eq!(under(json!({"smallest_group": 30}), Some(json!({"smallest_group": 20}))).smallest_group(), 30);
}

#[test]
fn a_project_only_tightens() {
    let organisation = json!({"name": "Acme", "smallest_group": 10, "residency": {"eu": ["ch"]},
        "highest": {"teams": {"Insight": "internal"}, "stacks": {"*": "internal"}}});
    let strict = json!({"smallest_group": 20, "residency": {"eu": []}, "apart": [["a", "b"]],
        "highest": {"teams": {"t-bi": "public"}, "stacks": {"bi": "internal"}}});
    assert_eq!(loosened(&under(organisation.clone(), Some(strict))), []);
    let loose = json!({"smallest_group": 2, "residency": {"eu": ["us"], "us": ["us"]},
        "highest": {"teams": {"t-bi": "personal"}, "stacks": {"bi": "personal"}, "places": {"eu": "secret"}}});
    let in_force = under(organisation, Some(loose));
    let found = loosened(&in_force);
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(found.iter().all(|one| one.code == "PW1006" && one.message.contains("“Acme”")), "{found:?}");
    // What is an error has no effect either.
    let personal = labels(json!({"classification": "personal"}));
    assert_eq!(codes(&in_force, &personal, &site("bi", "", &["t-bi"])), ["PW1001"]);
    let alone = InForce { own: Some(policy(json!({"highest": {"stacks": {"bi": "secret"}}}))), ..InForce::default() };
    assert!(loosened(&alone)[0].message.contains("the built-in rules"), "{:?}", loosened(&alone));
}

#[test]
fn policy_files_are_read_strictly() {
    assert_eq!(parse_organisation(r#"{"policy": 1, "name": "Acme"}"#).unwrap().name, "Acme");
    for (text, said) in [
        ("{", "bracket"),
        (r#"{"name": "x"}"#, "`policy`"),
        (r#"{"policy": 2}"#, "version 2"),
        (r#"{"policy": 1, "smallest_groups": 3}"#, "`smallest_groups`"),
        (r#"{"policy": 1, "smallest_group": 0}"#, "no group"),
        (r#"{"policy": 1, "highest": {"stacks": {"bi": "top"}}}"#, "`highest`"),
    ] {
        let fault = parse_organisation(text).unwrap_err();
        assert!(fault.code == "PW1007" && fault.message.contains(said) && fault.help.is_some(), "{text}: {fault}");
    }
    let schema = json_schema_of_policy().to_string();
    assert!(schema.contains("smallest_group") && schema.contains("apart"));
}

#[test]
fn fields_are_as_sensitive_as_their_meaning_or_their_name() {
    let known = Sensitivities::shipped();
    let none = BTreeMap::new();
    let of = |name: &str, meanings: &BTreeMap<String, String>| known.classify(name, &DataType::String, None, meanings);
    assert_eq!(of("email", &none), Some(Classification::Personal));
    assert_eq!(of("apiKey", &none), Some(Classification::Secret));
    assert_eq!(of("status", &none), None, "a name makes nothing public");
    for secret in [
        "user_password",
        "password_2",
        "aws_secret_access_key",
        "PassWord",
        "X-Api-Key",
        "dbPasswort",
        "stripe.secret_key",
        "old client secret",
        "db_pwd",
        "userJwt",
        "card_cvv",
        "x-token",
        "github_token",
        "passwords",
        "api_keys",
        "accessTokens",
        "password_confirmation",
        "passwordConfirm",
        "DBPassword",
        "APIToken",
        "JWTSecret",
        "SSHKey",
        "AWSSecretKey",
        "XApiKey",
        "userSSN",
        "dbpassword",
        "clientsecret",
        "githubtoken",
        "password_digest",
        "private_key_pem",
        "connectionString",
        "iban_number",
        "card_numbers",
        "cookie",
        "Cookies",
        "cs(Cookie)",
        "request.cookies",
        "user_pass",
        "dbPass",
        "taxid",
        "passportno",
        "social_security_no",
        "smtp_pass",
        "wp_user_pass",
    ] {
        assert_eq!(of(secret, &none), Some(Classification::Secret), "{secret}");
    }
    for plain in [
        "next_page_token",
        "pageToken",
        "input_token",
        "robotp",
        "password_changed_at",
        "secretary",
        "nextpagetoken",
        "users",
        "bypass",
        "HTTPStatus",
        "cookie_consent",
        "cookie_count",
        "tests_pass",
        "first_pass",
        "boarding_pass",
    ] {
        assert_eq!(of(plain, &none), None, "{plain}");
    }
    for personal in [
        "emails",
        "customerEmail",
        "useremail",
        "email2",
        "contact_email_1",
        "userIPAddress",
        "phone_numbers",
        "customername",
        "srcip",
        "mobilenumber",
        "deviceid",
        "mobile_no",
        "user_ip",
        "patient_name",
        "address_line_1",
        "latitude",
        "userLongitude",
        "gps_lat",
        "pickup_latitude",
        "geo_location",
    ] {
        assert_eq!(of(personal, &none), Some(Classification::Personal), "{personal}");
    }
    assert_eq!(of("cookie_sid", &none), Some(Classification::Personal), "one of a browser, and no secret");
    // In a text, such as a probe's, these words stand before much else.
    assert_eq!((known.of_name("cookie"), known.of_column("cookie")), (None, Some(Classification::Secret)));
    assert_eq!(known.classify("cookies", &DataType::Int, None, &none), None, "a number of cookies");
    // What may be a value is not told.
    for (name, told) in [
        ("ZZSECRET", "SECRET"),
        ("hunter2password", "password"),
        ("dbpassword", "password"),
        ("DBPassword", "DBPassword"),
        ("user_password_2", "user_password_2"),
        ("api_keys", "api_keys"),
        ("email", "email"),
    ] {
        assert_eq!(known.told(name), told);
    }
    // How many there are is none of them.
    for count in ["forgot_passwords", "tokens", "emails", "completion_tokens"] {
        assert_eq!(known.classify(count, &DataType::Int, None, &none), None, "{count}");
    }
    let secret = Some(Classification::Secret);
    let record = DataType::Record(vec![("a".to_owned(), DataType::String)]);
    let list = DataType::List(Box::new(DataType::String));
    for (name, data_type) in
        [("user_password", &DataType::Int), ("x-api-key", &list), ("secret", &record), ("old_password", &record)]
    {
        assert_eq!(known.classify(name, data_type, None, &none), secret, "{name}");
    }
    for data_type in [DataType::Timestamp, DataType::Boolean] {
        assert_eq!(known.classify("reset_password", &data_type, None, &none), None);
    }
    assert_eq!(known.classify("has_password", &DataType::Boolean, None, &none), None);
    assert_eq!(known.classify("model_token", &DataType::Int, None, &none), None, "a number of tokens");
    let confirmed = BTreeMap::from([("x".to_owned(), "user.id".to_owned()), ("email".to_owned(), String::new())]);
    assert_eq!(of("x", &confirmed), Some(Classification::Personal));
    assert_eq!(of("email", &confirmed), None, "somebody says that it means nothing");
    let record = DataType::Record(vec![
        ("plan".into(), DataType::String),
        ("contact".into(), DataType::Record(vec![("phone".into(), DataType::String)])),
    ]);
    assert_eq!(known.classify("account", &record, None, &none), Some(Classification::Personal));
    let place = |other: &str| {
        let part = |name: &str| (name.to_owned(), DataType::Float);
        known.classify("at", &DataType::Record(vec![part("lat"), part(other)]), None, &none)
    };
    assert_eq!(
        [place("lon"), place("long"), place("lat_max")],
        [Some(Classification::Personal), Some(Classification::Personal), None]
    );
    let own = json!({"concepts": [{"id": "badge", "title": "Badge", "type": "String", "synonyms": ["badge_no"],
        "sensitivity": "secret"}]});
    let own = Sensitivities::of(own.as_object().unwrap());
    assert_eq!(own.classify("badge_no", &DataType::String, None, &none), Some(Classification::Secret));
}
