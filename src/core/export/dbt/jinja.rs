//! Texts of a design in files that dbt renders: nothing in them runs, and what is rendered is the text again.
//! Must not import anything of the target.

/// Between two of these stands Jinja of our own, inside of SQL that is otherwise the design's: no SQL holds a NUL.
const OWN: char = '\0';

/// Jinja of our own for a place in printed SQL.
pub fn own(jinja: &str) -> String {
    format!("{OWN}{jinja}{OWN}")
}

/// Printed SQL as a template.
pub fn template(sql: &str) -> String {
    let parts = sql.split(OWN).enumerate();
    parts.map(|(index, part)| if index % 2 == 0 { plain(part) } else { format!("{{{{ {part} }}}}") }).collect()
}

/// A text that renders to itself.
pub fn plain(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // What follows at the end of a part may be Jinja.
            '{' if matches!(rest.peek(), None | Some('{' | '%' | '#')) => made.push_str("{{ '{' }}"),
            // Templates have one kind of line end.
            '\r' => made.push_str(r"{{ '\r' }}"),
            c => made.push(c),
        }
    }
    made
}

/// A text as the value of a variable, which dbt renders where it is used, as no part of another text.
pub fn value(text: &str) -> String {
    if !text.contains(['{', '}', '\r', '\n']) {
        return text.to_owned();
    }
    let shown = |c: char| match c {
        c if c.is_ascii_alphanumeric() || c == ' ' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("{{{{ \"{}\" }}}}", text.chars().map(shown).collect::<String>())
}

/// A text between quotes of YAML, which is rendered nowhere.
pub fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_alphanumeric() || (' '..='~').contains(&c) => quoted.push(c),
            c if u32::from(c) > 0xffff => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// The same where dbt renders it.
pub fn rendered_yaml(text: &str) -> String {
    yaml(&plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_jinja() {
        for (text, wanted) in [
            ("{{ x }}", "{{ '{' }}{ x }}"),
            ("{% raw %}{#", "{{ '{' }}% raw %}{{ '{' }}#"),
            ("{{{a}", "{{ '{' }}{{ '{' }}{a}"),
            ("a{2} }}", "a{2} }}"),
            ("x{", "x{{ '{' }}"),
            ("a\r\nb", "a{{ '\\r' }}\nb"),
        ] {
            assert_eq!(plain(text), wanted);
        }
        assert_eq!(template(&format!("a = '{{{}'", own("x()"))), "a = '{{ '{' }}{{ x() }}'");
    }

    #[test]
    fn the_value_of_a_variable_is_no_jinja() {
        assert_eq!(value("it's 1.5 %"), "it's 1.5 %");
        assert_eq!(value("a{{\n"), r#"{{ "a\U0000007b\U0000007b\U0000000a" }}"#);
    }

    #[test]
    fn a_text_of_yaml_ends_where_it_ends() {
        assert_eq!(yaml("a\"b\\\n\u{1}\u{85}\u{2028}é日🎵"), r#""a\"b\\\n\u0001\u0085\u2028é日\U0001f3b5""#);
        assert_eq!(rendered_yaml("{{ 'x' }}"), r#""{{ '{' }}{ 'x' }}""#);
    }
}
