using Tenon.Core;

namespace Tenon.Network.Policies;

/// <summary>Which way a rule of a security group looks.</summary>
public enum RuleDirection
{
    /// <summary>Into the port.</summary>
    Ingress,

    /// <summary>Out of the port.</summary>
    Egress,
}

/// <summary>The other end that a rule of a security group lets through.</summary>
public abstract record RuleRemote
{
    private RuleRemote()
    {
    }

    /// <summary>Everybody.</summary>
    public sealed record Any : RuleRemote;

    /// <summary>The ports that have a group.</summary>
    /// <param name="Key">The <see cref="DesiredGroup.Key"/>.</param>
    public sealed record Group(string Key) : RuleRemote;

    /// <summary>A range of addresses.</summary>
    /// <param name="Cidr">The range, in its canonical form.</param>
    public sealed record Prefix(string Cidr) : RuleRemote;
}

/// <summary>A rule that a security group should have. Rules only allow.</summary>
/// <param name="Direction">Which way.</param>
/// <param name="V6">Whether it is for IPv6, otherwise IPv4.</param>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c>, <c>SCTP</c>; <see langword="null"/> is any.</param>
/// <param name="FirstPort">The first port; <see langword="null"/> is all.</param>
/// <param name="LastPort">The last port; set when <paramref name="FirstPort"/> is.</param>
/// <param name="Remote">The other end.</param>
public sealed record DesiredRule(RuleDirection Direction, bool V6, string? Protocol, int? FirstPort, int? LastPort, RuleRemote Remote)
{
    /// <summary>Whether it lets everything of its direction and family through.</summary>
    public bool IsEverything => Protocol is null && Remote is RuleRemote.Any;
}

/// <summary>A security group that should be there.</summary>
/// <param name="Key">What identifies it within the cluster, from one run to the next.</param>
/// <param name="Title">What people read.</param>
/// <param name="Rules">Its rules, each once, in a stable order.</param>
public sealed record DesiredGroup(string Key, string Title, EquatableArray<DesiredRule> Rules);
