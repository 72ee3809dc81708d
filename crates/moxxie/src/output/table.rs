//! Tables: drawn on a terminal, plain aligned columns when piped.

/// Lines of a list.
pub(crate) fn list(headers: &[&str], rows: &[Vec<String>], terminal: bool) -> String {
    if terminal { drawn(headers, rows) } else { plain(headers, rows) }
}

fn drawn(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_header(headers);
    for row in rows {
        table.add_row(row);
    }
    format!("{table}\n")
}

/// Columns two spaces apart, nothing behind the last: `awk` and eyes can read it. An empty cell is
/// `-`, so that the number of words in a line does not depend on the values.
pub(crate) fn plain(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headers.iter().map(|header| header.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = line(headers.iter().copied(), &widths);
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str), &widths));
    }
    text
}

fn line<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, &width) in cells.zip(widths) {
        let cell = if cell.is_empty() { "-" } else { cell };
        // A cell must not break the line it stands in.
        let cell = cell.replace(['\n', '\r', '\t'], " ");
        text.push_str(&format!("{cell:width$}  "));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Lines of one thing: label and value.
pub(crate) fn record(fields: &[(&str, String)]) -> String {
    let width = fields.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (label, value) in fields {
        let value = if value.is_empty() { "-" } else { value };
        let indented = value.replace('\n', &format!("\n{:width$}  ", ""));
        let lines = format!("{label:width$}  {indented}");
        for line in lines.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        vec![
            vec!["dc1".into(), "dot1q".into(), String::new()],
            vec!["amsterdam".into(), "qinq".into(), "x y".into()],
        ]
    }

    #[test]
    fn piped_tables_are_aligned_and_bare() {
        let text = plain(&["NAME", "TAGS", "NOTE"], &rows());
        assert_eq!(text, "NAME       TAGS   NOTE\ndc1        dot1q  -\namsterdam  qinq   x y\n");
    }

    #[test]
    fn an_empty_list_still_has_its_header() {
        assert_eq!(plain(&["NAME", "SITE"], &[]), "NAME  SITE\n");
    }

    #[test]
    fn terminals_get_lines() {
        let text = drawn(&["NAME", "TAGS", "NOTE"], &rows());
        assert!(text.contains('─') && text.contains("amsterdam"), "{text}");
    }

    #[test]
    fn records_line_up() {
        let text =
            record(&[("Name", "dc1".into()), ("VLAN range", "100-2000".into()), ("Note", String::new())]);
        assert_eq!(text, "Name        dc1\nVLAN range  100-2000\nNote        -\n");
    }
}
