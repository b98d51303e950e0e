using System.Buffers.Binary;
using System.Collections;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.LoadBalancing;

/// <summary>A place that traffic can be sent to, without the port: a node, or a pod.</summary>
/// <param name="Name">The name that the member gets in the pool.</param>
/// <param name="Address">The IP address.</param>
/// <param name="SubnetId">The Neutron subnet that leads there; <see langword="null"/> leaves it to Octavia.</param>
public sealed record MemberTarget(string Name, string Address, string? SubnetId = null);

/// <summary>One member of a pool.</summary>
/// <param name="Target">Where.</param>
/// <param name="Port">On which port.</param>
/// <param name="MonitorPort">Which port health monitors ask instead, if another.</param>
public readonly record struct PoolMember(MemberTarget Target, int Port, int? MonitorPort = null);

/// <summary>Targets that several pools share, ordered and hashed once.</summary>
public sealed class MemberTargets
{
    /// <summary>No target.</summary>
    public static MemberTargets None { get; } = new([]);

    /// <summary>Orders the targets by address; a second one with the same address is dropped.</summary>
    public MemberTargets(IEnumerable<MemberTarget> targets)
    {
        Items = [.. targets.DistinctBy(t => t.Address, StringComparer.Ordinal).OrderBy(t => t.Address, StringComparer.Ordinal)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (MemberTarget target in Items)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(target.Address));
            hash.AppendData("\0"u8);
            hash.AppendData(Encoding.UTF8.GetBytes(target.Name));
            hash.AppendData("\n"u8);
        }

        Digest = Digests.Finish(hash);
    }

    /// <summary>The targets by address.</summary>
    public ImmutableArray<MemberTarget> Items { get; }

    internal UInt128 Digest { get; }
}

/// <summary>
/// The members of a pool. Two sets are equal when they have the same members by name, address, port and monitor port; the
/// subnet does not count, since Octavia never changes it. Sets over the same <see cref="MemberTargets"/> share their memory.
/// </summary>
public sealed class MemberSet : IReadOnlyCollection<PoolMember>, IEquatable<MemberSet>
{
    private readonly MemberTargets? _targets;
    private readonly int _port;
    private readonly int? _monitorPort;
    private readonly ImmutableArray<PoolMember> _members;
    private readonly UInt128 _digest;

    private MemberSet(MemberTargets targets, int port, int? monitorPort)
    {
        (_targets, _port, _monitorPort) = (targets, port, monitorPort);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> buffer = stackalloc byte[28];
        BinaryPrimitives.WriteUInt128LittleEndian(buffer, targets.Digest);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[16..], targets.Items.IsEmpty ? 0 : port);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[20..], targets.Items.IsEmpty ? 0 : monitorPort ?? 0);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[24..], targets.Items.Length);
        hash.AppendData(buffer);
        _digest = Digests.Finish(hash);
    }

    private MemberSet(ImmutableArray<PoolMember> members)
    {
        _members = members;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PoolMember member in members)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{member.Target.Address}\0{member.Target.Name}\0{member.Port}\0{member.MonitorPort}\n"));
        }

        _digest = Digests.Finish(hash);
    }

    /// <summary>No member.</summary>
    public static MemberSet Empty { get; } = new(MemberTargets.None, 0, null);

    /// <inheritdoc/>
    public int Count => _targets?.Items.Length ?? _members.Length;

    /// <summary>Every target on the same port.</summary>
    public static MemberSet Uniform(MemberTargets targets, int port, int? monitorPort = null) => new(targets, port, monitorPort);

    /// <summary>Any members.</summary>
    public static MemberSet Of(IEnumerable<PoolMember> members)
    {
        ImmutableArray<PoolMember> items =
        [
            .. members.OrderBy(m => m.Target.Address, StringComparer.Ordinal).ThenBy(m => m.Port),
        ];
        if (items.IsEmpty) return Empty;
        PoolMember first = items[0];
        bool uniform = items.All(m => m.Port == first.Port && m.MonitorPort == first.MonitorPort)
            && items.Select(m => m.Target.Address).Distinct(StringComparer.Ordinal).Count() == items.Length;
        return uniform ? new MemberSet(new MemberTargets(items.Select(m => m.Target)), first.Port, first.MonitorPort) : new MemberSet(items);
    }

    /// <inheritdoc/>
    public IEnumerator<PoolMember> GetEnumerator()
    {
        if (_targets is null)
        {
            foreach (PoolMember member in _members) yield return member;
        }
        else
        {
            foreach (MemberTarget target in _targets.Items) yield return new PoolMember(target, _port, _monitorPort);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(MemberSet? other) => other is not null && Count == other.Count && _digest == other._digest;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as MemberSet);

    /// <inheritdoc/>
    public override int GetHashCode() => _digest.GetHashCode();

    /// <summary>How many members there are, and the first few.</summary>
    public override string ToString()
        => $"{Count} members{(Count == 0 ? "" : ": ")}{string.Join(", ", this.Take(3).Select(m => $"{m.Target.Name} {m.Target.Address}:{m.Port}"))}{(Count > 3 ? ", …" : "")}";
}

internal static class Digests
{
    public static UInt128 Finish(IncrementalHash hash)
    {
        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
