"""Floor 3: how graphs and traces are drawn. The only floor that knows anywidget, plotly and layout."""
