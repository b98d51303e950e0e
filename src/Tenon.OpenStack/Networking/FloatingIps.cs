using Tenon.Core;

namespace Tenon.OpenStack.Networking;

/// <summary>A Neutron floating IP.</summary>
public sealed record FloatingIp
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The address on the external network.</summary>
    public string Address { get; init; } = "";

    /// <summary>The external network.</summary>
    public string NetworkId { get; init; } = "";

    /// <summary>The port it leads to, or <see langword="null"/> when it leads nowhere.</summary>
    public string? PortId { get; init; }

    /// <summary>The port's address it leads to.</summary>
    public string? FixedIpAddress { get; init; }

    /// <summary>The router that translates.</summary>
    public string? RouterId { get; init; }

    /// <summary><c>ACTIVE</c>, <c>DOWN</c> or <c>ERROR</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>The name that DNS gives it, where the cloud has it.</summary>
    public string? DnsName { get; init; }

    /// <summary>The domain that DNS gives it, where the cloud has it.</summary>
    public string? DnsDomain { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>Which floating IPs a list contains. Unset filters match all; several values of one filter match any of them.</summary>
public sealed record FloatingIpQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>With any of these addresses.</summary>
    public EquatableArray<string> Addresses { get; init; }

    /// <summary>Of this external network.</summary>
    public string? NetworkId { get; init; }

    /// <summary>Leading to any of these ports.</summary>
    public EquatableArray<string> PortIds { get; init; }

    /// <summary>With this status.</summary>
    public string? Status { get; init; }

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

/// <summary>A floating IP to be made.</summary>
public sealed record FloatingIpCreate
{
    /// <summary>The external network.</summary>
    public required string NetworkId { get; init; }

    /// <summary>The subnet of the external network.</summary>
    public string? SubnetId { get; init; }

    /// <summary>The wanted address; most clouds allow it to administrators only.</summary>
    public string? Address { get; init; }

    /// <summary>The port it shall lead to.</summary>
    public string? PortId { get; init; }

    /// <summary>Which of the port's addresses.</summary>
    public string? FixedIpAddress { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary><c>dns_name</c>, where the cloud has it.</summary>
    public string? DnsName { get; init; }

    /// <summary><c>dns_domain</c>, where the cloud has it.</summary>
    public string? DnsDomain { get; init; }
}

/// <summary>What changes of a floating IP; fields left unset stay as they are.</summary>
public sealed record FloatingIpUpdate
{
    /// <summary>The port it leads to; <see langword="null"/> takes it off.</summary>
    public Optional<string?> PortId { get; init; }

    /// <summary>Which of the port's addresses.</summary>
    public Optional<string?> FixedIpAddress { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }
}

/// <summary>Reads and changes floating IPs.</summary>
public interface IFloatingIpClient
{
    /// <summary>Floating IPs that the project can see, page by page.</summary>
    IAsyncEnumerable<FloatingIp> ListFloatingIpsAsync(FloatingIpQuery query, CancellationToken cancellationToken);

    /// <summary>One floating IP, or <see langword="null"/>.</summary>
    Task<FloatingIp?> GetFloatingIpAsync(string floatingIpId, CancellationToken cancellationToken);

    /// <summary>Makes a floating IP.</summary>
    Task<FloatingIp> CreateFloatingIpAsync(FloatingIpCreate floatingIp, CancellationToken cancellationToken);

    /// <summary>Changes a floating IP; with a revision only if it is still at it.</summary>
    Task<FloatingIp> UpdateFloatingIpAsync(string floatingIpId, FloatingIpUpdate update, int? revision, CancellationToken cancellationToken);

    /// <summary>Deletes a floating IP; one that is not there does no harm.</summary>
    Task DeleteFloatingIpAsync(string floatingIpId, CancellationToken cancellationToken);
}
