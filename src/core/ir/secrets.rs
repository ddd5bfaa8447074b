//! Secrets: parameters whose default stands for a variable of the environment. Each may only be an argument that is
//! meant for a secret, so that its value reaches no row, path or message.

use std::collections::BTreeSet;

use super::names::environment_reference;
use super::{Node, Op, Parameter, Plan};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, Expr, ExprKind, functions};

/// Whether a default makes its parameter a secret.
pub fn is_secret_default(default: Option<&serde_json::Value>) -> bool {
    default.and_then(environment_reference).is_some()
}

impl Parameter {
    pub fn is_secret(&self) -> bool {
        is_secret_default(self.default.as_ref())
    }
}

/// The names of the secrets among parameters.
pub fn secrets_of(parameters: &[Parameter]) -> BTreeSet<String> {
    parameters.iter().filter(|parameter| parameter.is_secret()).map(|parameter| parameter.name.clone()).collect()
}

/// The secret that a text would have put into it.
pub fn secret_in_text<'a>(text: &str, secrets: &'a BTreeSet<String>) -> Option<&'a str> {
    let is_named = |name: &&String| {
        let mut after = text.split("${").skip(1);
        after.any(|rest| rest.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(['}', ':'])))
    };
    secrets.iter().find(is_named).map(String::as_str)
}

/// The first secret of an expression that stands where none is meant.
fn shown_by<'a>(expr: &'a Expr, secrets: &BTreeSet<String>) -> Option<&'a Expr> {
    expr::deep(|| match &expr.kind {
        ExprKind::Parameter(name) => secrets.contains(name).then_some(expr),
        ExprKind::Call(call) => {
            let meant = expr::function(&call.function).map_or(&[][..], |function| function.secret_args);
            let is_meant = |child: &Expr| {
                let is_argument = |index: &usize| call.args.get(*index).is_some_and(|arg| std::ptr::eq(arg, child));
                matches!(child.kind, ExprKind::Parameter(_)) && meant.iter().any(is_argument)
            };
            expr.children().into_iter().filter(|child| !is_meant(child)).find_map(|child| shown_by(child, secrets))
        }
        _ => expr.children().into_iter().find_map(|child| shown_by(child, secrets)),
    })
}

/// A secret that a node would show: in an expression, a path, a reason or its step's title.
pub fn check_secrets_of(node: &Node, secrets: &BTreeSet<String>) -> Option<Diagnostic> {
    if secrets.is_empty() {
        return None;
    }
    let reason = if let Op::Check(check) = &node.op { Some(&check.reason) } else { None };
    let texts = [("a path", node.op.path()), ("a reason", reason), ("a title", Some(&node.origin.title))];
    let texts = texts.into_iter().filter_map(|(what, text)| Some((what, text?.as_str())));
    let of_places = match &node.op {
        Op::Read(read) => read.location.iter().flat_map(|location| location.texts()).collect(),
        Op::Write(write) => write.destination.place_texts(),
        _ => Vec::new(),
    };
    let told = match &node.op {
        Op::Write(write) => write.watch.as_ref().and_then(|watch| Some(watch.tells.as_ref()?.texts())),
        _ => None,
    };
    for (what, text) in texts.chain(of_places).chain(told.into_iter().flatten()) {
        if let Some(name) = secret_in_text(text, secrets) {
            return Some(misused(name, what));
        }
    }
    let shown = node.op.expressions().into_iter().find_map(|expr| shown_by(expr, secrets))?;
    let ExprKind::Parameter(name) = &shown.kind else { return None };
    Some(misused(name, "an expression").at(shown.span))
}

/// Tells of a secret where none is meant.
pub fn misused(name: &str, what: &str) -> Diagnostic {
    let takers: Vec<&str> = functions().iter().filter(|one| !one.secret_args.is_empty()).map(|one| one.name).collect();
    Diagnostic::error("PW0643", format!("the secret `{name}` stands in {what}, where its value would be seen")).help(
        format!(
            "a parameter whose default is `${{env:…}}` may only be the key of {}; give `{name}` another default if it \
             is no secret",
            takers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
        ),
    )
}

/// Every step of a plan that would show a secret. For a plan that was read from a file; planning reports the same.
pub fn check_secrets(plan: &Plan) -> Vec<Diagnostic> {
    let secrets = secrets_of(&plan.parameters);
    let faults = plan.nodes.iter().filter_map(|node| {
        let fault = check_secrets_of(node, &secrets)?;
        Some(fault.step(&node.origin.step, &node.origin.title))
    });
    faults.collect()
}
