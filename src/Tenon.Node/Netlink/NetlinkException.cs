using System.ComponentModel;

namespace Tenon.Nodes.Netlink;

/// <summary>The kernel refused a request.</summary>
/// <param name="what">What was asked, as a person would say it.</param>
/// <param name="error">The errno.</param>
/// <param name="explanation">What the kernel itself says of it, where it does.</param>
public sealed class NetlinkException(string what, int error, string? explanation = null)
    : Exception($"cannot {what}: {new Win32Exception(error).Message}{(explanation is null ? "" : $", {explanation.TrimEnd('.')}")} (errno {error})")
{
    /// <summary>ENOENT.</summary>
    public const int NoEntry = 2;

    /// <summary>EEXIST.</summary>
    public const int Exists = 17;

    /// <summary>ENODEV.</summary>
    public const int NoDevice = 19;

    /// <summary>EINVAL.</summary>
    public const int Invalid = 22;

    /// <summary>EOPNOTSUPP: the kernel has no such kind of device.</summary>
    public const int NotSupported = 95;

    /// <summary>The errno.</summary>
    public int Error { get; } = error;
}
