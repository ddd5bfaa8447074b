//! Logs of jobs that build and deploy.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static ACTIONS: TemplateFormat = TemplateFormat::new(Table {
    name: "github_actions",
    title: "GitHub Actions log",
    doc: "Logs of GitHub Actions and Azure Pipelines as they are downloaded, and what `gh run view --log` shows \
          (docs.github.com, Using workflow run logs; learn.microsoft.com, Logging commands): job and step where they are \
          written, time, what the runner says of the line (`command`: group, error, warning, section), message.",
    weight: 98,
    variants: &[
        "{job:text}\t{step:text}\t{?\u{feff}?}{time:iso} ##[{command:word}]{message:rest}",
        "{job:text}\t{step:text}\t{?\u{feff}?}{time:iso} {message:rest}",
        "{?\u{feff}?}{time:iso} ##[{command:word}]{message:rest}",
        "{?\u{feff}?}{time:iso} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    tells: &["##[group]", "##[endgroup]", "##[section]", "##[error]", "##[warning]", "##[command]", "##[debug]"],
    examples: &[
        "2024-03-01T10:00:00.1234567Z ##[group]Run make\n2024-03-01T10:00:01.1234567Z make: done",
        "build\tTest\t2024-03-01T10:00:00.1234567Z ##[error]Process completed with exit code 2.",
    ],
    ..Table::PLAIN
});

pub static GITLAB: TemplateFormat = TemplateFormat::new(Table {
    name: "gitlab_job",
    title: "GitLab job log",
    doc: "Logs of GitLab's jobs with times (docs.gitlab.com, CI/CD job logs): time, number of the stream (`section`), O or E \
          (`stream`), `+` where the line goes on the one before it, message.",
    weight: 98,
    variants: &[
        // What goes on stands behind the `+` at once.
        "{time:iso} {section:int}{stream:[OE]}{goes_on:[+]}{message:rest}",
        "{time:iso} {section:int}{stream:[OE]} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    tells: &["Z 00O ", "Z 01O ", "Z 00E ", "Z 01E "],
    examples: &["2024-03-01T10:00:00.123456Z 00O Running with gitlab-runner 16.9.0"],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::testing::named_rows;
    use crate::formats::testing::read;
    use crate::formats::{Sample, recognise};

    #[test]
    fn lines_of_jobs_have_their_time_and_command() {
        let text = "2024-03-01T10:00:00.1234567Z ##[group]Run make\n2024-03-01T10:00:00.1234567Z make all\n\
                    2024-03-01T10:00:01.1234567Z ##[endgroup]\n2024-03-01T10:00:02.1234567Z \n2024-03-01T10:00:02.1234567Z ##[error]no\n";
        let found = recognise(&Sample::whole("x", text));
        assert_eq!(found[0].format.name, "github_actions", "{found:?}");
        let rows = named_rows(&read(&found[0].format, text));
        let of = |at: usize| (rows[at].get("command").cloned(), rows[at].get("message").cloned());
        assert_eq!(of(0), (Some("group".into()), Some("Run make".into())));
        assert_eq!((of(1), of(2)), ((None, Some("make all".into())), (Some("endgroup".into()), None)));
        assert_eq!((rows.len(), &rows[4]["time"]), (5, &"2024-03-01T10:00:02.123456Z".into()));
        let gitlab = "2024-03-01T10:00:00.123456Z 00O Running\n2024-03-01T10:00:01.123456Z 01E $ make\n2024-03-01T10:00:01.123456Z 01O+more\n2024-03-01T10:00:01.123456Z 01O+\n";
        let found = recognise(&Sample::whole("x", gitlab));
        assert_eq!(found[0].format.name, "gitlab_job", "{found:?}");
        let rows = named_rows(&read(&found[0].format, gitlab));
        assert_eq!(
            (&rows[1]["section"], &rows[1]["stream"], &rows[1]["message"]),
            (&1.into(), &"E".into(), &"$ make".into())
        );
        assert_eq!((&rows[2]["goes_on"], &rows[2]["message"]), (&"+".into(), &"more".into()));
        assert_eq!((rows.len(), &rows[3]["goes_on"]), (4, &"+".into()));
    }
}
