//! Reading policies: an organisation's file, a project's own, and whether the second only makes the first tighter.

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{InForce, OTHERS, Policy};
use crate::data::Classification;
use crate::diagnostic::{Diagnostic, json_fault, read_object, refuse_repeated_keys};

/// Version of the policy file that this program reads.
pub const POLICY_VERSION: u64 = 1;

/// The JSON Schema of a policy file.
pub fn json_schema_of_policy() -> Json {
    serde_json::to_value(schemars::schema_for!(Policy)).unwrap_or_default()
}

/// SHA-256 of a file's bytes, as 64 hexadecimal digits: what a project pins.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the file of an organisation. What it says and this version does not know is an error: a rule that is not
/// understood is not kept.
pub fn parse_organisation(text: &str) -> Result<Policy, Diagnostic> {
    const HELP: &str = "`pipewright schema policy` describes the file";
    let json: Json = serde_json::from_str(text)
        .map_err(|error| json_fault("PW1007", "the policy is no JSON", text, &error).help(HELP))?;
    refuse_repeated_keys("PW1007", text)?;
    match json.get("policy").and_then(Json::as_u64) {
        Some(POLICY_VERSION) => {}
        Some(version) => {
            return Err(Diagnostic::error(
                "PW1007",
                format!("the policy is of version {version}; this program reads version {POLICY_VERSION}"),
            )
            .help("use a newer Pipewright"));
        }
        None => {
            let message = "this is no policy: the key `policy` with the file's version is missing";
            return Err(Diagnostic::error("PW1007", message).help(format!("write `\"policy\": {POLICY_VERSION}`")));
        }
    }
    read(&json).map_err(|diagnostic| diagnostic.help(HELP))
}

/// A project's own rules: the same keys as an organisation's; `organisation` pins that file.
pub fn parse_own(own: &Map<String, Json>) -> Result<Policy, Diagnostic> {
    let mut rules = own.clone();
    rules.remove("organisation");
    let mut policy = read(&Json::Object(rules))?;
    if policy.name.is_empty() {
        policy.name = "the project's policy".to_owned();
    }
    Ok(policy)
}

fn read(json: &Json) -> Result<Policy, Diagnostic> {
    let policy: Policy = read_object(json).map_err(|(key, cause)| {
        let place = key.map(|key| format!("`{key}` of ")).unwrap_or_default();
        Diagnostic::error("PW1007", format!("{place}the policy cannot be read: {cause}"))
            .help("`pipewright schema policy` describes the rules")
    })?;
    if policy.smallest_group == Some(0) {
        return Err(Diagnostic::error("PW1007", "`smallest_group` of the policy is 0, which is no group")
            .help("write the number of rows that must stand behind a measure, such as 10"));
    }
    Ok(policy)
}

/// Every rule of the project's own that allows more than the organisation's, or than the built-in rules where there is
/// none: each names both.
pub fn loosened(in_force: &InForce) -> Vec<Diagnostic> {
    let Some(own) = &in_force.own else { return Vec::new() };
    let base = match in_force.organisation.as_slice() {
        [] => "the built-in rules".to_owned(),
        policies => policies.iter().map(Policy::title).collect::<Vec<_>>().join(" and "),
    };
    let mut found = Vec::new();
    let mut report = |field: String, rule: String, allowed: String| {
        let mut diagnostic = Diagnostic::error(
            "PW1006",
            format!("the project's {rule} allows more than {base}: {allowed}; a project may only be stricter"),
        )
        .help("remove the project's rule, or have it put into the organisation's policy")
        .field(format!("policy.{field}"));
        diagnostic.location.id = Some("project".to_owned());
        found.push(diagnostic);
    };
    let lists = [
        ("stacks", "stack", &own.highest.stacks),
        ("places", "place", &own.highest.places),
        ("teams", "team", &own.highest.teams),
    ];
    for (key, what, limits) in lists {
        for (name, highest) in limits {
            let allowed = allowed_by(in_force, key, name);
            if *highest > allowed {
                let of = if name == OTHERS { format!("other {what}s") } else { format!("the {what} `{name}`") };
                let rule = format!("limit `{}` for {of}", highest.name());
                report(format!("highest.{key}.{name}"), rule, format!("`{}` at most", allowed.name()));
            }
        }
    }
    for (place, targets) in &own.residency {
        for to in targets.iter().filter(|to| *to != place) {
            let lets = |policy: &Policy| policy.residency.get(place).is_some_and(|places| places.contains(to));
            if in_force.organisation.is_empty() || !in_force.organisation.iter().all(lets) {
                let rule = format!("rule that data of `{place}` may go to `{to}`");
                report(format!("residency.{place}"), rule, format!("it stays out of `{to}`"));
            }
        }
    }
    let base_group = InForce { own: None, ..in_force.clone() }.smallest_group();
    if let Some(own) = own.smallest_group.filter(|own| *own < base_group) {
        let rule = format!("smallest group of {own}");
        report("smallest_group".to_owned(), rule, format!("{base_group} rows at least"));
    }
    found
}

/// What the organisation's policies let a stack, place or team have.
fn allowed_by(in_force: &InForce, key: &str, name: &str) -> Classification {
    let of = |policy: &Policy| {
        let limits = match key {
            "stacks" => &policy.highest.stacks,
            "places" => &policy.highest.places,
            _ => &policy.highest.teams,
        };
        let same = |known: &&String| match key {
            "teams" => in_force.team(known) == in_force.team(name),
            _ => *known == name,
        };
        let named = limits.keys().find(same).and_then(|known| limits.get(known));
        named.or_else(|| limits.get(OTHERS)).copied().unwrap_or(Classification::Personal)
    };
    in_force.organisation.iter().map(of).min().unwrap_or(Classification::Personal)
}
