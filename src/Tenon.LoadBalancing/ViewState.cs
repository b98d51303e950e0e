using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>What a view knows at one moment. Never changed; replaced as a whole.</summary>
internal sealed record ViewState
{
    public static ViewState Empty { get; } = new();

    public ImmutableDictionary<string, ViewTree> Trees { get; init; } = ImmutableDictionary<string, ViewTree>.Empty;

    public ImmutableDictionary<string, FloatingIp> FloatingIps { get; init; } = ImmutableDictionary<string, FloatingIp>.Empty;

    public ImmutableDictionary<string, SecurityGroup> SecurityGroups { get; init; } = ImmutableDictionary<string, SecurityGroup>.Empty;

    public ImmutableDictionary<string, Port> Ports { get; init; } = ImmutableDictionary<string, Port>.Empty;

    /// <summary>When (by sequence) things outside the trees were last written by us; lists that began before say nothing of them.</summary>
    public ImmutableDictionary<string, long> Touched { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>Takes in a list: what was written after the list began keeps its local state, all else is as the list says.</summary>
    public ImmutableDictionary<string, T> Merge<T>(ImmutableDictionary<string, T> local, IReadOnlyDictionary<string, T> listed, long began)
    {
        var merged = listed.ToImmutableDictionary().ToBuilder();
        foreach ((string id, long written) in Touched)
        {
            if (written < began) continue;
            if (local.TryGetValue(id, out T? value)) merged[id] = value;
            else merged.Remove(id);
        }

        return merged.ToImmutable();
    }

    public ViewState Touch(string id, long sequence) => this with { Touched = Touched.SetItem(id, sequence) };
}

/// <summary>One load balancer as the view knows it.</summary>
internal sealed record ViewTree(LoadBalancer LoadBalancer)
{
    /// <summary>Whether listeners, pools and monitors were ever listed.</summary>
    public bool ChildrenKnown { get; init; }

    /// <summary>The listeners it was made with by this process, as long as they were not listed since.</summary>
    public EquatableArray<DesiredListener>? MadeWith { get; init; }

    /// <summary>The members it was made with by this process, by pool name, as long as its pools were not listed since.</summary>
    public ImmutableDictionary<string, MemberSet> MadeMembers { get; init; } = ImmutableDictionary<string, MemberSet>.Empty;

    /// <summary>When (by sequence) it or anything below was last written by us.</summary>
    public long Written { get; init; }

    public ImmutableDictionary<string, Listener> Listeners { get; init; } = ImmutableDictionary<string, Listener>.Empty;

    /// <summary>The pools, without their members' IDs.</summary>
    public ImmutableDictionary<string, Pool> Pools { get; init; } = ImmutableDictionary<string, Pool>.Empty;

    /// <summary>Monitors by pool.</summary>
    public ImmutableDictionary<string, HealthMonitor> Monitors { get; init; } = ImmutableDictionary<string, HealthMonitor>.Empty;

    /// <summary>Members by pool, where they are known.</summary>
    public ImmutableDictionary<string, KnownMembers> Members { get; init; } = ImmutableDictionary<string, KnownMembers>.Empty;

    /// <summary>Whether a list has shown, since we wrote to its members, how many there are.</summary>
    public bool IsProven => MadeWith is null && !Members.Values.Any(m => m.IdDigest is null);

    /// <summary>Whether a list showed other members than were known, and they were not read since.</summary>
    public bool HasOtherMembers { get; init; }

    /// <summary>Whether its owners must look at its members, or at a pool in ERROR.</summary>
    public bool IsDoubtful => HasOtherMembers || Pools.Values.Any(p => p.ProvisioningStatus is ProvisioningStatus.Error);

    public ObservedLoadBalancer Observe() => new(
        LoadBalancer,
        [.. Listeners.Values.OrderBy(l => l.ProtocolPort).ThenBy(l => l.Protocol, StringComparer.Ordinal)],
        [
            .. Pools.Values.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => new ObservedPool(
                p, Members.GetValueOrDefault(p.Id)?.Set, Monitors.GetValueOrDefault(p.Id), Members.GetValueOrDefault(p.Id)?.Ids)
            {
                BrokenMembers = Members.GetValueOrDefault(p.Id)?.Broken ?? EquatableArray<string>.Empty,
                LostMembers = Members.GetValueOrDefault(p.Id)?.Lost ?? EquatableArray<PoolMember>.Empty,
            }),
        ])
    {
        MadeWith = MadeWith,
    };
}

/// <summary>
/// The members of a pool. Octavia's lists name members only by ID; as long as the IDs are the same, so are the members'
/// addresses and ports, which never change. After a batch update the IDs are taken on trust once, if their number is right.
/// </summary>
/// <param name="Set">The members.</param>
/// <param name="IdDigest">What the IDs hash to; <see langword="null"/> after an update, until the next list.</param>
/// <param name="Ids">The IDs by address and port, kept only where members are changed one by one.</param>
internal sealed record KnownMembers(MemberSet Set, UInt128? IdDigest, ImmutableDictionary<(string Address, int Port), string>? Ids)
{
    /// <summary>When (by sequence) they were last read in full.</summary>
    public long Verified { get; init; }

    /// <summary>Those that were in ERROR then, in words. As long as there are any, they are read again whenever their owner is looked at.</summary>
    public EquatableArray<string> Broken { get; init; }

    /// <summary>Those that were in PENDING_DELETE then, under a load balancer that was ACTIVE: their provider has lost them.</summary>
    public EquatableArray<PoolMember> Lost { get; init; }

    public static UInt128 Digest(IEnumerable<string> ids)
    {
        UInt128 digest = default;
        Span<byte> hash = stackalloc byte[32];
        foreach (string id in ids)
        {
            SHA256.HashData(Encoding.UTF8.GetBytes(id), hash);
            digest ^= System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(hash);
        }

        return digest;
    }

    /// <summary>What is known once a list shows these IDs: the same, or nothing.</summary>
    public KnownMembers? Confirm(EquatableArray<string> ids)
    {
        if (ids.Count != Set.Count) return null;
        UInt128 digest = Digest(ids);
        if (IdDigest is null) return this with { IdDigest = digest };
        return IdDigest == digest ? this : null;
    }
}
