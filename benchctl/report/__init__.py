"""What a qualification run leaves behind: results.json, junit.xml and index.html."""
