using Tenon.Core;

namespace Tenon.OpenStack.Networking;

/// <summary>A Neutron security group.</summary>
public sealed record SecurityGroup
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>Whether answers to what it lets through pass; <see langword="true"/> where the cloud does not say.</summary>
    public bool Stateful { get; init; } = true;

    /// <summary>Its rules.</summary>
    public EquatableArray<SecurityGroupRule> Rules { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>A rule of a security group.</summary>
public sealed record SecurityGroupRule
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The group it belongs to.</summary>
    public string SecurityGroupId { get; init; } = "";

    /// <summary><c>ingress</c> or <c>egress</c>.</summary>
    public string Direction { get; init; } = "ingress";

    /// <summary><c>IPv4</c> or <c>IPv6</c>.</summary>
    public string EtherType { get; init; } = "IPv4";

    /// <summary><c>tcp</c>, <c>udp</c>, <c>icmp</c>, a number…; <see langword="null"/> is any.</summary>
    public string? Protocol { get; init; }

    /// <summary>The first port; <see langword="null"/> is any.</summary>
    public int? PortRangeMin { get; init; }

    /// <summary>The last port; <see langword="null"/> is any.</summary>
    public int? PortRangeMax { get; init; }

    /// <summary>The peers' range; <see langword="null"/> is any.</summary>
    public string? RemoteIpPrefix { get; init; }

    /// <summary>The peers' group; <see langword="null"/> is any.</summary>
    public string? RemoteGroupId { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";
}

/// <summary>Which groups a list contains. Unset filters match all.</summary>
public sealed record SecurityGroupQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>With any of these names.</summary>
    public EquatableArray<string> Names { get; init; }

    /// <summary>With exactly this description.</summary>
    public string? Description { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Any of these tags.</summary>
    public EquatableArray<string> TagsAny { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>Which rules a list contains. Unset filters match all.</summary>
public sealed record SecurityGroupRuleQuery
{
    /// <summary>Of these groups.</summary>
    public EquatableArray<string> SecurityGroupIds { get; init; }

    /// <summary>With this group as the peers'.</summary>
    public string? RemoteGroupId { get; init; }

    /// <summary>With exactly this description.</summary>
    public string? Description { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>A group to be made. Neutron adds two rules that let everything out.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">A text for people.</param>
public sealed record SecurityGroupCreate(string Name, string Description = "")
{
    /// <summary>Whether answers pass; <see langword="null"/> is the cloud's default.</summary>
    public bool? Stateful { get; init; }
}

/// <summary>What changes of a group; fields left unset stay as they are.</summary>
public sealed record SecurityGroupUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }
}

/// <summary>A rule to be made. Rules cannot be changed.</summary>
public sealed record SecurityGroupRuleCreate
{
    /// <summary>The group it will belong to.</summary>
    public required string SecurityGroupId { get; init; }

    /// <summary><c>ingress</c> or <c>egress</c>.</summary>
    public string Direction { get; init; } = "ingress";

    /// <summary><c>IPv4</c> or <c>IPv6</c>.</summary>
    public string EtherType { get; init; } = "IPv4";

    /// <summary><c>tcp</c>, <c>udp</c>, <c>sctp</c>, <c>icmp</c>, a number…; <see langword="null"/> is any.</summary>
    public string? Protocol { get; init; }

    /// <summary>The first port.</summary>
    public int? PortRangeMin { get; init; }

    /// <summary>The last port.</summary>
    public int? PortRangeMax { get; init; }

    /// <summary>The peers' range.</summary>
    public string? RemoteIpPrefix { get; init; }

    /// <summary>The peers' group.</summary>
    public string? RemoteGroupId { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";
}

/// <summary>Reads and changes security groups and their rules.</summary>
public interface ISecurityGroupClient
{
    /// <summary>Groups with their rules, page by page.</summary>
    IAsyncEnumerable<SecurityGroup> ListSecurityGroupsAsync(SecurityGroupQuery query, CancellationToken cancellationToken);

    /// <summary>One group with its rules, or <see langword="null"/>.</summary>
    Task<SecurityGroup?> GetSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken);

    /// <summary>Makes a group.</summary>
    Task<SecurityGroup> CreateSecurityGroupAsync(SecurityGroupCreate group, CancellationToken cancellationToken);

    /// <summary>Makes several groups in one call; all or none. The answer has them with the rules that Neutron adds, in the order asked for.</summary>
    Task<EquatableArray<SecurityGroup>> CreateSecurityGroupsAsync(IReadOnlyCollection<SecurityGroupCreate> groups, CancellationToken cancellationToken);

    /// <summary>Changes a group; with a revision only if it is still at it.</summary>
    Task<SecurityGroup> UpdateSecurityGroupAsync(string securityGroupId, SecurityGroupUpdate update, int? revision, CancellationToken cancellationToken);

    /// <summary>Deletes a group; one that is not there does no harm. One that ports use is a <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task DeleteSecurityGroupAsync(string securityGroupId, CancellationToken cancellationToken);

    /// <summary>Rules, page by page.</summary>
    IAsyncEnumerable<SecurityGroupRule> ListSecurityGroupRulesAsync(SecurityGroupRuleQuery query, CancellationToken cancellationToken);

    /// <summary>Makes several rules in one call; all or none. A rule that exists already is a <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task<EquatableArray<SecurityGroupRule>> CreateSecurityGroupRulesAsync(IReadOnlyCollection<SecurityGroupRuleCreate> rules, CancellationToken cancellationToken);

    /// <summary>Deletes a rule; one that is not there does no harm.</summary>
    Task DeleteSecurityGroupRuleAsync(string ruleId, CancellationToken cancellationToken);
}
