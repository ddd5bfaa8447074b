//! Names of parameters: what they may be, and the variable of the environment that sets each. Names stand bare in
//! scripts and in the environment, so they are checked where a project is planned and where a pipeline is read.

use std::collections::BTreeMap;

use super::Parameter;
use crate::diagnostic::Diagnostic;

/// Characters of a parameter's name at most.
const LONGEST: usize = 64;

/// The variable of the environment that sets a parameter: `PW_DATA` of `data`. With its prefix it is never one that the
/// shell or other programs use, such as `HOME`.
pub fn parameter_variable(name: &str) -> String {
    format!("PW_{}", name.to_ascii_uppercase())
}

/// The variable of the environment that a default stands for: `HASH_KEY` of `${env:HASH_KEY}`. So a secret is never in
/// a file of the project.
pub fn environment_reference(default: &serde_json::Value) -> Option<&str> {
    let name = default.as_str()?.trim().strip_prefix("${env:")?.strip_suffix('}')?;
    (!name.is_empty() && !name.contains(['$', '{', '}'])).then_some(name)
}

/// Letters, digits and `_` (ASCII), not a digit first.
/// Whether a parameter may be called that.
pub fn is_parameter_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// The nearest name that is allowed and that `is_free`.
fn suggested(name: &str, is_free: &dyn Fn(&str) -> bool) -> String {
    let words: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(LONGEST - 8).collect();
    let words = words.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
    let near = match words.chars().next() {
        None => "parameter".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{words}"),
        Some(_) => words,
    };
    let numbered = |number: u32| if number == 1 { near.clone() } else { format!("{near}_{number}") };
    (1..).map(numbered).find(|name| is_free(name)).unwrap_or_default()
}

/// Whether a default is meant to stand for a variable of the environment, and does not.
fn is_nearly_reference(default: &serde_json::Value) -> bool {
    let plain: String = default.as_str().unwrap_or_default().split_whitespace().collect::<String>().to_lowercase();
    plain.contains("${env:") && environment_reference(default).is_none()
}

/// What is wrong with the names of parameters, and with those of the variables that their defaults stand for; each
/// with the number of its parameter.
pub fn check_parameter_names(parameters: &[Parameter]) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let mut variables: BTreeMap<String, &str> = BTreeMap::new();
    let is_free =
        |name: &str| parameters.iter().all(|other| parameter_variable(&other.name) != parameter_variable(name));
    for (index, parameter) in parameters.iter().enumerate() {
        let name = &parameter.name;
        if !is_parameter_name(name) {
            let fault = if name.is_empty() {
                "a parameter has no name".to_owned()
            } else {
                // A name may hold anything, also what a terminal would act on.
                format!("`{}` is no name of a parameter", shortened(name))
            };
            let help = format!(
                "call it `{}`: letters (a to z), digits and `_`, not a digit first, {LONGEST} at most",
                suggested(name, &is_free)
            );
            found.push((index, Diagnostic::error("PW0641", fault).help(help)));
            continue;
        }
        if let Some(other) = variables.get(&parameter_variable(name)) {
            let variable = parameter_variable(name);
            let fault = match *other == name {
                true => format!("there are two parameters `{name}`"),
                false => format!("the parameters `{other}` and `{name}` are both set by {variable}"),
            };
            let help = format!("give one of them another name, such as `{}`", suggested(name, &is_free));
            found.push((index, Diagnostic::error("PW0642", fault).help(help)));
            continue;
        }
        variables.insert(parameter_variable(name), name);
        if parameter.default.as_ref().is_some_and(is_nearly_reference) {
            let fault = format!(
                "the default of `{name}` holds `${{env:…}}` without being that alone: it would be a plain text"
            );
            let help = "write `${env:NAME}` with nothing around it; such a parameter is a secret, and keys a hash";
            found.push((index, Diagnostic::error("PW0646", fault).help(help)));
            continue;
        }
        if let Some(variable) = parameter.default.as_ref().and_then(environment_reference)
            && !is_parameter_name(variable)
        {
            let fault = format!("the default of the parameter `{name}` stands for no variable of the environment");
            let help = "write `${env:NAME}` with a name of letters, digits and `_`, such as `${env:HASH_KEY}`";
            found.push((index, Diagnostic::error("PW0644", fault).help(help)));
        }
    }
    found
}

fn shortened(name: &str) -> String {
    let shown: String = name.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if name.chars().count() > 40 { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataType;

    fn named(name: &str, default: Option<serde_json::Value>) -> Parameter {
        Parameter { name: name.into(), data_type: DataType::String, default, doc: String::new() }
    }

    fn fault(names: &[&str]) -> Option<Diagnostic> {
        let parameters: Vec<Parameter> = names.iter().map(|name| named(name, None)).collect();
        check_parameter_names(&parameters).into_iter().next().map(|(_, fault)| fault)
    }

    #[test]
    fn what_is_nearly_a_reference_to_the_environment_is_no_plain_text() {
        for near in ["x${env:A}", "${env:A}x", "${ env:A }", "${ENV:A}", "${env:A}${env:B}", "${env:}"] {
            let faults = check_parameter_names(&[named("a", Some(near.into()))]);
            assert!(faults.iter().any(|(_, fault)| fault.code == "PW0646"), "{near}: {faults:?}");
        }
        for plain in ["${env:A}", "env:A", "$env", ""] {
            assert!(check_parameter_names(&[named("a", Some(plain.into()))]).is_empty(), "{plain}");
        }
    }

    #[test]
    fn names_are_letters_digits_and_underscores() {
        let longest = "n".repeat(LONGEST);
        for good in ["a", "_", "_1", "data_folder", "HOME", &longest] {
            assert_eq!(fault(&[good]), None, "{good}");
        }
        let too_long = "n".repeat(LONGEST + 1);
        for bad in
            ["", "1a", "a-b", "a b", "é", "a\n", "a\0", "$(id)", "a\";x", "run.started_at", "\u{202e}a", &too_long]
        {
            let fault = fault(&[bad]).unwrap_or_else(|| panic!("{bad:?} is taken"));
            assert_eq!(fault.code, "PW0641");
            let help = fault.help.unwrap_or_default();
            let suggested = help.split('`').nth(1).unwrap_or_default();
            assert!(is_parameter_name(suggested), "{bad:?}: {help}");
        }
        assert!(fault(&["data folder"]).unwrap().help.unwrap().contains("`data_folder`"));
    }

    #[test]
    fn each_has_a_variable_of_its_own() {
        assert_eq!(parameter_variable("data"), "PW_DATA");
        let twice = fault(&["user", "USER"]).unwrap();
        assert!(twice.code == "PW0642" && twice.message.contains("PW_USER"), "{twice}");
        assert!(twice.help.unwrap().contains("`USER_2`"));
    }

    #[test]
    fn a_reference_names_a_variable() {
        let wrong = [named("key", Some("${env:A\"B}".into()))];
        assert_eq!(check_parameter_names(&wrong)[0].1.code, "PW0644");
        assert!(check_parameter_names(&[named("key", Some("${env:HASH_KEY}".into()))]).is_empty());
    }
}
