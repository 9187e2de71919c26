/** Errors of inputs and files, and text from untrusted files made safe to print. */
package iadb.fault;
