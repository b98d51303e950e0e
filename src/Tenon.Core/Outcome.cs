using System.Collections.Immutable;

namespace Tenon.Core;

/// <summary>How a reconcile ended. A thrown exception means something else: a transient failure, to be tried again with backoff.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>The world is as desired; nothing more to do until something changes.</summary>
    public static Outcome Done { get; } = new Settled();

    /// <summary>The world is as desired.</summary>
    public sealed record Settled : Outcome;

    /// <summary>Something must happen elsewhere first.</summary>
    /// <param name="For">What is waited for, as the operator would say it.</param>
    /// <param name="Poll">When to look again; <see langword="null"/> when a watch will wake us.</param>
    public sealed record Waiting(string For, TimeSpan? Poll) : Outcome;

    /// <summary>The object asks for what cannot be done; nothing happens until its spec changes.</summary>
    /// <param name="Reason">A CamelCase word for the event and the condition.</param>
    /// <param name="Message">What is wrong, naming the field, its value and the fix.</param>
    public sealed record Refused(string Reason, string Message) : Outcome;
}

/// <summary>The ordered changes that lead from what is to what should be, and the outcome once they are applied.</summary>
/// <typeparam name="TChange">A closed hierarchy of small records, one API call each.</typeparam>
/// <param name="Changes">The changes, in the order in which they must be applied.</param>
/// <param name="Then">What the reconcile returns after the last change.</param>
public sealed record Plan<TChange>(ImmutableArray<TChange> Changes, Outcome Then)
{
    /// <summary>Whether there is nothing to change.</summary>
    public bool IsEmpty => Changes.IsDefaultOrEmpty;
}
