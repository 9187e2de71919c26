package iadb.train;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The maps of a {@link TrainingQueue} that wait or are under way, shared by the threads of its devices. A map that is set aside waits at
 * the end and trains alone.
 *
 * @param <J> the maps
 * @param <W> the devices' workers
 */
final class SharedJobs<J, W> {
    private final Deque<J> waiting; // guarded by this, as all below
    private final Map<W, List<J>> underWay = new HashMap<>(); // of the devices that have not failed
    private final Map<J, Set<W>> refusals = new HashMap<>(); // the devices that ran out of memory with a map
    private final Set<J> setAside = new HashSet<>();
    private final Set<J> suspects = new HashSet<>(); // maps that a device was training when it failed
    private boolean stopped;

    SharedJobs(Collection<J> jobs) { waiting = new ArrayDeque<>(jobs); }

    /** Adds a device, before any of them takes a map. */
    synchronized void join(W worker) { underWay.put(worker, new ArrayList<>()); }

    /** Gives out no more maps. */
    synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    synchronized boolean isStopped() { return stopped; }

    /** Takes the first waiting map that a worker accepts; waits while another device may return one; null: no more. */
    synchronized J take(W worker) {
        while (!stopped) {
            J job = takeWaiting(worker, any -> true);
            if (job != null || waiting.isEmpty() && underWay.values().stream().allMatch(List::isEmpty)) {
                return job;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                stop();
            }
        }
        return null;
    }

    /** Takes the first waiting map of some that a worker accepts; null: none. */
    synchronized J takeWaiting(W worker, Predicate<J> wanted) {
        Optional<J> found = stopped ? Optional.empty()
                : waiting.stream().filter(job -> !refusals.getOrDefault(job, Set.of()).contains(worker)).filter(wanted).findFirst();
        found.ifPresent(job -> {
            waiting.remove(job);
            underWay.get(worker).add(job);
        });
        return found.orElse(null);
    }

    /** A device's share of the waiting maps, rounded up. */
    synchronized int share(Predicate<J> wanted) {
        int count = (int) waiting.stream().filter(wanted).count();
        return (count + underWay.size() - 1) / underWay.size();
    }

    synchronized void ended(W worker, J job) {
        underWay.getOrDefault(worker, new ArrayList<>()).remove(job);
        notifyAll();
    }

    /** Returns a worker's maps to the queue's head. */
    synchronized void putBack(W worker) {
        underWay.get(worker).forEach(waiting::addFirst);
        underWay.get(worker).clear();
        notifyAll();
    }

    /** Returns a map to the queue's end, from which it trains alone. */
    synchronized void setAside(W worker, J job) {
        setAside.add(job);
        waiting.addLast(job);
        ended(worker, job);
    }

    synchronized boolean isSetAside(J job) { return setAside.contains(job); }

    /** Leaves a map to the other devices; returns false if they all have refused it, too. */
    synchronized boolean refuse(W worker, J job) {
        Set<W> by = refusals.computeIfAbsent(job, any -> new HashSet<>());
        by.add(worker);
        if (by.containsAll(underWay.keySet())) {
            return false;
        }
        waiting.addLast(job);
        ended(worker, job);
        return true;
    }

    /**
     * Sets the maps of a failed device aside. Those that all other devices have refused are given to one of them, which reports why.
     *
     * @return the maps that another failed device was training, too; these do not wait again
     */
    synchronized List<J> giveUp(W worker) {
        List<J> own = underWay.remove(worker);
        refusals.values().stream().filter(by -> by.containsAll(underWay.keySet())).forEach(Set::clear);
        List<J> first = own.stream().filter(suspects::add).toList();
        setAside.addAll(first);
        waiting.addAll(first);
        own.removeAll(first);
        notifyAll();
        return own;
    }

    /** Whether a device has not failed. */
    synchronized boolean hasWorkers() { return !underWay.isEmpty(); }

    synchronized boolean hasWaiting() { return !waiting.isEmpty(); }
}
