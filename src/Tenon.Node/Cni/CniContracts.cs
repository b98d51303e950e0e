using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon.Nodes.Cni;

/// <summary>A call of a container runtime: the environment and the standard input of a plugin (CNI specification 1.1, "Execution Protocol").</summary>
public sealed record CniRequest
{
    /// <summary>CNI_COMMAND: <c>ADD</c>, <c>DEL</c>, <c>CHECK</c>, <c>STATUS</c>, <c>GC</c> or <c>VERSION</c>.</summary>
    public string Command { get; init; } = "";

    /// <summary>CNI_CONTAINERID.</summary>
    public string? ContainerId { get; init; }

    /// <summary>CNI_NETNS: the path of the container's network namespace.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>CNI_IFNAME: the interface's name in the container.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>CNI_ARGS: <c>KEY=VALUE</c> pairs between semicolons; Kubernetes says here which pod it is.</summary>
    public string? Arguments { get; init; }

    /// <summary>The network configuration.</summary>
    public JsonObject? Configuration { get; init; }
}

/// <summary>What the plugin prints and how it ends.</summary>
/// <param name="ExitCode">Zero, or one with an error as the output.</param>
/// <param name="Output">The JSON for standard output; <see langword="null"/> prints nothing.</param>
public sealed record CniReply(int ExitCode, JsonNode? Output);

/// <summary>An error of the specification's section "Error": codes below 100 are its own, others the plugin's.</summary>
/// <param name="Code">The code.</param>
/// <param name="Message">What is wrong, in a line.</param>
/// <param name="Details">More, for whoever looks for the cause.</param>
public sealed record CniError(
    [property: JsonPropertyName("code")] int Code, [property: JsonPropertyName("msg")] string Message, [property: JsonPropertyName("details")] string? Details = null)
{
    /// <summary>The configuration's version is not supported.</summary>
    public const int IncompatibleVersion = 1;

    /// <summary>A field of the configuration is not supported.</summary>
    public const int UnsupportedField = 2;

    /// <summary>The container is unknown or does not exist.</summary>
    public const int UnknownContainer = 3;

    /// <summary>A variable of the environment is missing or invalid.</summary>
    public const int InvalidEnvironment = 4;

    /// <summary>Reading or writing failed.</summary>
    public const int Io = 5;

    /// <summary>The configuration or the agent's answer could not be read.</summary>
    public const int Decoding = 6;

    /// <summary>The configuration is invalid.</summary>
    public const int InvalidConfiguration = 7;

    /// <summary>The runtime should try again later.</summary>
    public const int TryAgainLater = 11;

    /// <summary>The plugin cannot serve ADD now (STATUS).</summary>
    public const int NotAvailable = 50;

    /// <summary>The plugin cannot serve ADD now, and containers that run may have lost their network (STATUS).</summary>
    public const int NotAvailableLimited = 51;

    /// <summary>CHECK found something other than what ADD made.</summary>
    public const int CheckFailed = 100;

    /// <summary>The cloud or the kernel refused.</summary>
    public const int PluggingFailed = 101;
}
