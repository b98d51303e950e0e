using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Ports;

/// <summary>One step towards every pod's port. Those of a kind are independent of each other.</summary>
public abstract record PortChange
{
    private PortChange()
    {
    }

    /// <summary>Makes ports in one call, with the groups that their pods need.</summary>
    /// <param name="Ports">What is made: on one network.</param>
    /// <param name="IsRefill">Whether no pod waits for them: they are for pools, and must not be in the way of those that are waited for.</param>
    public sealed record CreatePorts(EquatableArray<PortCreate> Ports, bool IsRefill = false) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => IsRefill ? $"create {Ports.Count} ports for pools" : $"create {Ports.Count} ports";
    }

    /// <summary>Makes ports subports of a node's trunk, in one call.</summary>
    /// <param name="TrunkId">The trunk.</param>
    /// <param name="SubPorts">The ports with their VLANs.</param>
    public sealed record AddSubPorts(string TrunkId, EquatableArray<SubPort> SubPorts) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"add {SubPorts.Count} subports to trunk {TrunkId}";
    }

    /// <summary>Gives a port other groups: one call a port, whatever policies say.</summary>
    /// <param name="PortId">The port.</param>
    /// <param name="Groups">The groups.</param>
    public sealed record SetGroups(string PortId, EquatableArray<string> Groups) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"set {Groups.Count} security groups of port {PortId}";
    }

    /// <summary>Tells a node of a pod's port.</summary>
    /// <param name="Pod">The pod.</param>
    /// <param name="Spec">The port.</param>
    public sealed record WritePodPort(NamespacedName Pod, PodPortSpec Spec) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"give port {Spec.PortId} to pod {Pod}";
    }

    /// <summary>Tells a node that a pod's port is to be unplugged.</summary>
    /// <param name="Pod">The pod's name.</param>
    /// <param name="PodUid">The UID that the PodPort has.</param>
    public sealed record AskToUnplug(NamespacedName Pod, string PodUid) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"ask the node to unplug pod {Pod}";
    }

    /// <summary>Takes a PodPort away whose pod is gone or is another one.</summary>
    /// <param name="Pod">The pod's name.</param>
    /// <param name="PodUid">The UID that the PodPort has.</param>
    public sealed record DeletePodPort(NamespacedName Pod, string PodUid) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete PodPort {Pod}";
    }

    /// <summary>Takes subports out of a trunk, in one call.</summary>
    /// <param name="TrunkId">The trunk.</param>
    /// <param name="PortIds">The ports.</param>
    public sealed record RemoveSubPorts(string TrunkId, EquatableArray<string> PortIds) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"remove {PortIds.Count} subports from trunk {TrunkId}";
    }

    /// <summary>Deletes a port that no pod has and no pool keeps.</summary>
    /// <param name="PortId">The port.</param>
    public sealed record DeletePort(string PortId) : PortChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete port {PortId}";
    }
}

/// <summary>Why a pod has no port yet, for its event.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Reason">A CamelCase word.</param>
/// <param name="Message">What is missing and what to do.</param>
public sealed record PortProblem(NamespacedName Pod, string Reason, string Message);

/// <summary>The steps that can be taken now; what follows from them is planned when they are done.</summary>
/// <param name="Changes">The steps: creates before what uses them, deletes last.</param>
/// <param name="Problems">Pods that wait for something that no step brings.</param>
public sealed record PortPlan(EquatableArray<PortChange> Changes, EquatableArray<PortProblem> Problems);
