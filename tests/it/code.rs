//! The product's own sources as a parser sees them: the files of a package without its tests, and the paths that each
//! of them names. Must not import the product.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A file of a package that is part of the product, not only of its tests.
pub struct CodeFile {
    pub path: PathBuf,
    /// Where it stands in its package, without `crate`: `["steps", "join"]`.
    pub module: Vec<String>,
    pub named: Named,
}

/// What a piece of code names.
#[derive(Debug, Default)]
pub struct Named {
    /// Every path, as far as it can be told without types: from `crate` or an outer crate on, `super` and `self`
    /// resolved, trees of `use` taken apart; of a glob the last part is `*`.
    pub paths: BTreeSet<Vec<String>>,
    /// Methods that are called, and whether with a number written there.
    pub methods: BTreeSet<(String, bool)>,
}

impl Named {
    /// Whether some path begins with these parts, or takes in all that lies at them.
    pub fn has(&self, start: &[&str]) -> bool {
        self.paths.iter().any(|path| begins(path, start))
    }
}

/// Whether a path leads to what begins with `start`: it goes there or beyond, or is a glob above it.
pub fn begins(path: &[String], start: &[&str]) -> bool {
    let glob = path.last().is_some_and(|last| last == "*").then(|| path.len() - 1);
    let is_along = path.iter().zip(start).enumerate().all(|(at, (a, b))| a == b || Some(at) == glob);
    is_along && (path.len() >= start.len() || glob.is_some())
}

/// The files of a package, found from its root file by `mod`, without what is there for tests only.
pub fn files_of(root: &Path) -> Vec<CodeFile> {
    let mut found = Vec::new();
    collect(root, Vec::new(), root.parent().unwrap(), &mut found);
    found
}

fn collect(path: &Path, module: Vec<String>, folder: &Path, found: &mut Vec<CodeFile>) {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (named, inner) = names_in(&text, &module);
    found.push(CodeFile { path: path.to_owned(), module: module.clone(), named });
    for name in inner {
        let child: Vec<String> = module.iter().cloned().chain([name.clone()]).collect();
        collect(&folder.join(format!("{name}.rs")), child, &folder.join(&name), found);
    }
}

/// What a text names that stands at `module`, and the modules that lie in files of their own.
pub fn names_in(text: &str, module: &[String]) -> (Named, Vec<String>) {
    let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module:?}: {error}"));
    let mut visitor = Visitor { module: module.to_vec(), ..Visitor::default() };
    visitor.visit_file(&file);
    (visitor.named, visitor.files)
}

#[derive(Default)]
struct Visitor {
    module: Vec<String>,
    named: Named,
    files: Vec<String>,
}

impl Visitor {
    fn add(&mut self, parts: &[String]) {
        let mut resolved: Vec<String> = Vec::new();
        for part in parts {
            match part.as_str() {
                "self" if resolved.is_empty() => resolved.extend(self.here()),
                "super" => {
                    if resolved.is_empty() {
                        resolved.extend(self.here());
                    }
                    resolved.pop();
                }
                "self" => {}
                part => resolved.push(part.to_owned()),
            }
        }
        self.named.paths.insert(resolved);
    }

    fn here(&self) -> Vec<String> {
        ["crate".to_owned()].into_iter().chain(self.module.iter().cloned()).collect()
    }

    fn add_tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &str| before.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident.to_string())),
            syn::UseTree::Name(name) => self.add(&with(&name.ident.to_string())),
            syn::UseTree::Rename(rename) => self.add(&with(&rename.ident.to_string())),
            syn::UseTree::Glob(_) => self.add(&with("*")),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add_tree(item, before)),
        }
    }

    /// Paths in what only a macro understands: `a::b` among its tokens, or in a text as serde takes it.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add_path(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                // A tree of `use` that a macro makes.
                TokenTree::Group(group) if colons == 2 => {
                    if let Ok(tree) = syn::parse2::<syn::UseTree>(TokenTree::Group(group).into()) {
                        self.add_tree(&tree, &path);
                    }
                    path.clear();
                    colons = 0;
                }
                other => {
                    self.add_path(&mut path);
                    colons = 0;
                    match other {
                        TokenTree::Group(group) => self.add_tokens(group.stream()),
                        TokenTree::Literal(literal) => {
                            let text = literal.to_string();
                            let text = text.trim_matches('"');
                            if text.starts_with("crate::") || text.starts_with("super::") {
                                let parts: Vec<String> = text.split("::").map(str::to_owned).collect();
                                self.add(&parts);
                            }
                        }
                        TokenTree::Ident(_) | TokenTree::Punct(_) => {}
                    }
                }
            }
        }
        self.add_path(&mut path);
    }

    fn add_path(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.add(path);
        }
        path.clear();
    }
}

/// `#[cfg(test)]`, alone or among the conditions that must all hold, and `#[test]`.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string().replace(' ', ""),
            syn::Meta::Path(_) | syn::Meta::NameValue(_) => String::new(),
        };
        let is_condition = attribute.path().is_ident("cfg") && (text == "test" || text.starts_with("all(test,"));
        is_condition || attribute.path().is_ident("test")
    })
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'a> Visit<'a> for Visitor {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if !is_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        assert!(!item.attrs.iter().any(|attribute| attribute.path().is_ident("path")), "{}: no `#[path]`", item.ident);
        if item.content.is_none() {
            self.files.push(item.ident.to_string());
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&parts);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        self.add_tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.add_tokens(list.tokens.clone());
        }
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let is_number = call.args.iter().any(|argument| matches!(argument, syn::Expr::Lit(_)));
        self.named.methods.insert((call.method.to_string(), is_number));
        visit::visit_expr_method_call(self, call);
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let text = "
        use crate::{export::{self, Target}, plan as p, data::*};
        pub use super::super::planner::rules;
        use std::{fs, io::{Read, Write}};
        #[serde(with = \"crate::steps::form\")]
        fn f(x: crate::model::Source) -> Vec<super::near::Thing> { println!(\"{}\", std::env::var(\"x\")); self::y() }
        list! { use crate::{generate, policy::Site}; }
        mod inner { use super::super::project; mod deep { fn g() { super::super::super::ir::op() } } }
        mod far;
        #[cfg(test)]
        mod tests { use crate::secret; }
        #[cfg(test)]
        mod elsewhere;
        #[cfg(all(test, unix))]
        use crate::secret;
        impl X { #[cfg(test)] fn z() { crate::secret::y() } }
    ";
    let (named, files) = names_in(text, &["expr".to_owned(), "parse".to_owned()]);
    for start in [
        &["crate", "export"][..],
        &["crate", "export", "Target"],
        &["crate", "plan"],
        &["crate", "data", "anything"],
        &["crate", "planner", "rules"],
        &["std", "fs"],
        &["std", "io", "Write"],
        &["std", "env", "var"],
        &["crate", "steps"],
        &["crate", "model", "Source"],
        &["crate", "expr", "near", "Thing"],
        &["crate", "expr", "parse", "y"],
        &["crate", "expr", "project"],
        &["crate", "expr", "ir"],
        &["crate", "generate"],
        &["crate", "policy", "Site"],
    ] {
        assert!(named.has(start), "{start:?} is not among {:?}", named.paths);
    }
    for start in [&["crate", "secret"][..], &["std", "process"], &["crate", "project"], &["crate", "ir"]] {
        assert!(!named.has(start), "{start:?} is among {:?}", named.paths);
    }
    assert_eq!(files, ["far"]);
}
