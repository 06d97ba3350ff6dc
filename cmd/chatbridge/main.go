package main

import (
	"context"
	"io"
	"log"
	"os"
)

func main() {
	// Libraries log what they return as an error too, in lines of their own form.
	log.SetOutput(io.Discard)
	limitMemory()
	os.Exit(run(context.Background(), newConsole(), os.Args[1:]))
}
