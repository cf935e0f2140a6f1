//! The data of a chart (DrawingML), as a table with a row for each category.

use quick_xml::events::Event;

use super::package::{Xml, each_event, entity, local};
use super::table::Table;
use super::{BlockKind, Blocks, ExtractError};

/// Most series, and most points of a series, to read.
const MAX_SERIES: usize = 50;
const MAX_POINTS: usize = 500;

#[derive(Default)]
pub(super) struct Chart {
    title: String,
    series: Vec<Series>,
}

#[derive(Default)]
struct Series {
    name: String,
    categories: Vec<String>,
    values: Vec<String>,
}

impl Chart {
    pub(super) fn read(xml: &mut Xml<'_>) -> Result<Self, ExtractError> {
        let mut chart = Self::default();
        // The open element (title, name of a series, categories or values), and whether its text is open.
        let (mut place, mut in_text) = (String::new(), false);
        each_event(xml, |event| {
            match event {
                Event::Start(e) => match local(e.name().as_ref()) {
                    "ser" if chart.series.len() < MAX_SERIES => {
                        chart.series.push(Series::default());
                    }
                    name @ ("title" | "cat" | "val" | "tx" | "xVal" | "yVal")
                        if place.is_empty() =>
                    {
                        place = name.to_owned();
                    }
                    "v" | "t" => {
                        in_text = true;
                        chart.begin(&place);
                    }
                    _ => {}
                },
                Event::End(e) => match local(e.name().as_ref()) {
                    "v" | "t" => in_text = false,
                    name if name == place => place.clear(),
                    _ => {}
                },
                Event::Text(t) if in_text => chart.add(&place, &t.xml10_content()),
                Event::GeneralRef(e) if in_text => {
                    if let Some(c) = entity(&e) {
                        chart.add(&place, c.encode_utf8(&mut [0; 4]));
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(chart)
    }

    fn points(&mut self, place: &str) -> Option<&mut Vec<String>> {
        let series = self.series.last_mut()?;
        match place {
            "cat" | "xVal" => Some(&mut series.categories),
            "val" | "yVal" => Some(&mut series.values),
            _ => None,
        }
    }

    fn begin(&mut self, place: &str) {
        if let Some(points) = self.points(place).filter(|p| p.len() < MAX_POINTS) {
            points.push(String::new());
        }
    }

    fn add(&mut self, place: &str, text: &str) {
        match place {
            "title" => self.title.push_str(text),
            "tx" => {
                if let Some(series) = self.series.last_mut() {
                    series.name.push_str(text);
                }
            }
            _ => {
                if let Some(last) = self.points(place).and_then(|p| p.last_mut()) {
                    last.push_str(text);
                }
            }
        }
    }

    /// Appends its title and data.
    pub(super) fn append(
        &self,
        blocks: &mut Blocks,
        page: Option<u32>,
    ) -> Result<(), ExtractError> {
        blocks.push(BlockKind::Paragraph, &self.title, page)?;
        let Some(first) = self.series.first() else {
            return Ok(());
        };
        let mut table = Table::new(1);
        let names = self.series.iter().map(|s| s.name.clone());
        table.push(std::iter::once(String::new()).chain(names).collect());
        for (i, category) in first.categories.iter().enumerate() {
            let value = |s: &Series| s.values.get(i).cloned().unwrap_or_default();
            let values = self.series.iter().map(value);
            table.push(std::iter::once(category.clone()).chain(values).collect());
        }
        blocks.push_table(&table, page)
    }
}
