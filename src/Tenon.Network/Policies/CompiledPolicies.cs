using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>The security groups that a world of pods and policies needs, and which of them each pod's port carries.</summary>
public sealed class CompiledPolicies
{
    /// <summary>The key of the group that every pod's port carries.</summary>
    public const string ClusterGroup = "cluster";

    private readonly Vocabulary _vocabulary;

    internal CompiledPolicies(Vocabulary vocabulary, ImmutableArray<DesiredGroup> groups, ImmutableArray<Problem> problems)
    {
        _vocabulary = vocabulary;
        (Groups, Problems) = (groups, problems);
    }

    /// <summary>The groups, by key in ordinal order.</summary>
    public ImmutableArray<DesiredGroup> Groups { get; }

    /// <summary>What of the policies cannot be carried out, and what to do about it; the rest of a policy is in force.</summary>
    public ImmutableArray<Problem> Problems { get; }

    /// <summary>The key of the group of a namespace's pods.</summary>
    public static string NamespaceGroup(string name) => "namespace:" + name;

    /// <summary>
    /// The keys of the groups that a pod's port carries: all pods', its namespace's and its identity's. They depend on the pod and on which labels
    /// policies speak of, not on what the policies say.
    /// </summary>
    public EquatableArray<string> GroupsOf(PolicyPod pod)
    {
        PodIdentity identity = _vocabulary.IdentityOf(pod);
        return [ClusterGroup, NamespaceGroup(identity.Namespace), identity.GroupKey];
    }
}
