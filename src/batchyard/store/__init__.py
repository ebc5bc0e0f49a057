"""The only room that speaks SQL: transactions, tables, one module per resource. It stores decisions and takes none."""
