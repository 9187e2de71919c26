/**
 * The command line: {@link iadb.cli.Main} and one class a command. Wires the other packages together, writes messages,
 * and turns exceptions into exit codes; computes nothing itself.
 */
package iadb.cli;
