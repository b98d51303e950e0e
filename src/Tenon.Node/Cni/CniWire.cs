namespace Tenon.Nodes.Cni;

/// <summary>
/// How the plugin speaks to the agent, over a unix socket that takes one call a connection. The plugin sends <see cref="Greeting"/>, then
/// <c>NAME=VALUE</c> for each variable of <see cref="Variables"/> that it has, each of these ended by a zero byte; an empty one; then its standard
/// input; and shuts its side down. The agent answers with the exit code in decimal, a line feed, and what goes to standard output; and closes.
/// </summary>
internal static class CniWire
{
    /// <summary>How a call begins, with the version of this protocol.</summary>
    public const string Greeting = "tenon-cni/1";

    /// <summary>Where the agent listens when nobody says otherwise.</summary>
    public const string DefaultSocket = "/run/tenon/cni.sock";

    /// <summary>The most that a call may take.</summary>
    public const int LargestCall = 1024 * 1024;

    /// <summary>The versions of the specification that are spoken, the newest last.</summary>
    public static readonly string[] Versions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    /// <summary>What of the environment is sent.</summary>
    public static readonly string[] Variables = ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS"];
}
