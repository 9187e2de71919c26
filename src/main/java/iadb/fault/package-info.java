/** What can be wrong with an input or a file, as exceptions that carry facts, and text from untrusted files made fit to show. */
package iadb.fault;
