using System.Collections.Immutable;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.Nodes;

/// <summary>One change of a node: one call to the Kubernetes API.</summary>
public abstract record NodeChange
{
    private NodeChange()
    {
    }

    /// <summary>What the change does, as one line for people.</summary>
    public abstract string Describe();

    /// <inheritdoc cref="Describe"/>
    public sealed override string ToString() => Describe();

    /// <summary>The node after the change; <see langword="null"/> when it is gone.</summary>
    public abstract Node? ApplyTo(Node node);

    /// <summary>Writes the node's addresses (its status).</summary>
    /// <param name="Addresses">All of them, in order.</param>
    public sealed record SetAddresses(EquatableArray<NodeAddress> Addresses) : NodeChange
    {
        /// <inheritdoc/>
        public override string Describe() => $"set addresses {string.Join(", ", Addresses.Select(a => $"{a.Type} {a.Address}"))}";

        /// <inheritdoc/>
        public override Node? ApplyTo(Node node)
        {
            ArgumentNullException.ThrowIfNull(node);
            return node with { Status = node.Status with { Addresses = Addresses.AsImmutable() } };
        }
    }

    /// <summary>Writes labels, taints and, once, the provider ID; the rest of the node stays.</summary>
    public sealed record Update : NodeChange
    {
        /// <summary>The provider ID to set; <see langword="null"/> leaves it.</summary>
        public string? ProviderId { get; init; }

        /// <summary>The labels to set, by key.</summary>
        public EquatableArray<KeyValuePair<string, string>> Labels { get; init; }

        /// <summary>The keys of taints to remove.</summary>
        public EquatableArray<string> RemoveTaints { get; init; }

        /// <summary>The keys of taints to add, each with the effect <c>NoSchedule</c>.</summary>
        public EquatableArray<string> AddTaints { get; init; }

        /// <summary>Whether nothing is set.</summary>
        public bool IsEmpty => ProviderId is null && Labels.IsEmpty && RemoveTaints.IsEmpty && AddTaints.IsEmpty;

        /// <inheritdoc/>
        public override string Describe() => string.Join("; ", Parts());

        /// <inheritdoc/>
        public override Node? ApplyTo(Node node)
        {
            ArgumentNullException.ThrowIfNull(node);
            ImmutableDictionary<string, string> labels = node.Metadata.Labels.ToImmutableDictionary().SetItems(Labels);
            IEnumerable<Taint> kept = node.Spec.Taints.Where(t => !RemoveTaints.Contains(t.Key));
            IEnumerable<Taint> added = AddTaints.Where(key => !node.Spec.Taints.Any(t => t.Key == key && t.Effect == NodeKeys.NoSchedule))
                .Select(key => new Taint { Key = key, Effect = NodeKeys.NoSchedule });
            return node with
            {
                Metadata = node.Metadata with { Labels = labels },
                Spec = node.Spec with { ProviderId = ProviderId ?? node.Spec.ProviderId, Taints = [.. kept, .. added] },
            };
        }

        private IEnumerable<string> Parts()
        {
            if (ProviderId is not null) yield return $"set provider ID {ProviderId}";
            if (!Labels.IsEmpty) yield return $"set labels {string.Join(", ", Labels.Select(l => $"{l.Key}={l.Value}"))}";
            if (!RemoveTaints.IsEmpty) yield return $"remove taint {string.Join(", ", RemoveTaints)}";
            if (!AddTaints.IsEmpty) yield return $"add taint {string.Join(", ", AddTaints)}";
        }
    }

    /// <summary>Deletes the node, whose server is gone. Before that the server's absence is confirmed once more by its ID.</summary>
    /// <param name="ServerId">The server that is gone.</param>
    public sealed record Delete(string ServerId) : NodeChange
    {
        /// <inheritdoc/>
        public override string Describe() => $"delete the node: its server {ServerId} is gone";

        /// <inheritdoc/>
        public override Node? ApplyTo(Node node) => null;
    }
}

/// <summary>Something to tell about a node, as an event.</summary>
/// <param name="Type">How grave it is.</param>
/// <param name="Reason">A CamelCase word.</param>
/// <param name="Message">A sentence that names the field and the fix.</param>
public sealed record NodeNotice(EventType Type, string Reason, string Message);

/// <summary>What to do with a node, and what to tell about it.</summary>
/// <param name="Plan">The changes in order, and how the reconcile ends after them.</param>
/// <param name="Notices">What to tell.</param>
public sealed record NodePlan(Plan<NodeChange> Plan, EquatableArray<NodeNotice> Notices);
