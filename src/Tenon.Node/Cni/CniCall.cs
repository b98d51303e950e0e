using System.Text.Json.Nodes;

namespace Tenon.Nodes.Cni;

/// <summary>A request, checked: what the specification demands of each command is there and well formed.</summary>
/// <param name="Command">The command.</param>
/// <param name="Version">The configuration's <c>cniVersion</c>, in which the answer is written.</param>
/// <param name="Configuration">The configuration.</param>
internal sealed record CniCall(string Command, string Version, JsonObject Configuration)
{
    private const int LongestContainerId = 200;

    /// <summary>The container.</summary>
    public string ContainerId { get; private init; } = "";

    /// <summary>The path of its network namespace; empty where the runtime has none any more (DEL).</summary>
    public string NetworkNamespace { get; private init; } = "";

    /// <summary>The interface's name in it.</summary>
    public string InterfaceName { get; private init; } = "";

    /// <summary>The pod's namespace; empty where the call is about no pod.</summary>
    public string PodNamespace { get; private init; } = "";

    /// <summary>The pod's name.</summary>
    public string PodName { get; private init; } = "";

    /// <summary>The pod's UID; empty where the runtime does not tell.</summary>
    public string PodUid { get; private init; } = "";

    /// <summary>Checks a request.</summary>
    /// <exception cref="CniException">Something is missing or malformed; the message names it.</exception>
    public static CniCall Parse(CniRequest request)
    {
        if (request.Command is not ("ADD" or "DEL" or "CHECK" or "STATUS" or "GC" or "VERSION"))
            throw Invalid($"CNI_COMMAND \"{request.Command}\" is none of ADD, DEL, CHECK, STATUS, GC and VERSION");
        JsonObject configuration = request.Configuration ?? throw new CniException(new(CniError.Decoding, "the network configuration on standard input is missing or no JSON object"));
        string version = (configuration["cniVersion"] as JsonValue)?.ToString() ?? "0.4.0";
        if (request.Command == "VERSION") return new(request.Command, version, configuration);
        if (!CniWire.Versions.Contains(version))
            throw new CniException(new(CniError.IncompatibleVersion, $"cniVersion {version} is not supported; {string.Join(", ", CniWire.Versions)} are"));
        bool since11 = request.Command is "STATUS" or "GC";
        if ((since11 && version != "1.1.0") || (request.Command == "CHECK" && version is "0.3.0" or "0.3.1"))
            throw new CniException(new(CniError.IncompatibleVersion, $"cniVersion {version} has no {request.Command}"));
        if (since11) return new(request.Command, version, configuration);

        string container = request.ContainerId ?? "";
        if (!IsContainerId(container)) throw Invalid($"CNI_CONTAINERID \"{container}\" must begin with a letter or digit, hold letters, digits, _ . and - only, and be at most {LongestContainerId} characters");
        string name = request.InterfaceName ?? "";
        if (name.Length is 0 or > 15 || name is "." or ".." || name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c)))
            throw Invalid($"CNI_IFNAME \"{name}\" must be 1 to 15 characters without blanks, / and :");
        if (request.Command != "DEL" && string.IsNullOrEmpty(request.NetworkNamespace)) throw Invalid("CNI_NETNS is missing");
        Dictionary<string, string> arguments = Arguments(request.Arguments ?? "");
        return new(request.Command, version, configuration)
        {
            ContainerId = container,
            InterfaceName = name,
            NetworkNamespace = request.NetworkNamespace ?? "",
            PodNamespace = Argument(arguments, "K8S_POD_NAMESPACE", request.Command),
            PodName = Argument(arguments, "K8S_POD_NAME", request.Command),
            PodUid = arguments.GetValueOrDefault("K8S_POD_UID", ""),
        };
    }

    private static string Argument(Dictionary<string, string> arguments, string name, string command)
        => arguments.TryGetValue(name, out string? value) && value.Length > 0 ? value
            : command == "DEL" ? ""
            : throw Invalid($"CNI_ARGS has no {name}; this plugin serves pods of Kubernetes only");

    private static Dictionary<string, string> Arguments(string text)
    {
        var arguments = new Dictionary<string, string>();
        foreach (string pair in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw Invalid($"CNI_ARGS \"{text}\" must be KEY=VALUE pairs between semicolons");
            arguments[pair[..equals]] = pair[(equals + 1)..];
        }

        return arguments;
    }

    private static CniException Invalid(string message) => new(new(CniError.InvalidEnvironment, message));

    private static bool IsContainerId(string text)
        => text.Length is > 0 and <= LongestContainerId && char.IsAsciiLetterOrDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
}
