"""What the pages know: questions to the lake and to the API, and what the answers mean."""
