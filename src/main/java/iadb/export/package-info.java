/** A trained map as source code or as a network file, for programs that have neither this one nor OpenCL. */
package iadb.export;
