using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Tenon.Nodes.Tests.Support;

/// <summary>What the plugin ended with.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it printed; <see langword="null"/> for nothing.</param>
internal sealed record CniAnswer(int ExitCode, JsonNode? Output)
{
    /// <summary>The error's code; zero where there is none.</summary>
    public int Code => Output?["code"]?.GetValue<int>() ?? 0;

    /// <summary>The error's message and details.</summary>
    public string Message => $"{Output?["msg"]} {Output?["details"]}".Trim();

    /// <summary>Fails where the call did.</summary>
    public CniAnswer ShouldSucceed()
    {
        ExitCode.ShouldBe(0, Output?.ToJsonString());
        return this;
    }

    /// <summary>Fails where the call did not fail with a code.</summary>
    public CniAnswer ShouldFail(int code)
    {
        ExitCode.ShouldBe(1, Output?.ToJsonString());
        Code.ShouldBe(code, Message);
        return this;
    }
}

/// <summary>The real plugin, called as a container runtime calls it.</summary>
/// <param name="socket">The agent's socket.</param>
/// <param name="program">The program; without it, the one that is built with the tests.</param>
internal sealed class CniPlugin(string socket, string? program = null)
{
    /// <summary>The program.</summary>
    public static string Path { get; } = Find();

    /// <summary>Calls it with a configuration of its own making.</summary>
    public Task<CniAnswer> CallAsync(string command, IReadOnlyDictionary<string, string> variables, Action<JsonObject>? configure = null, string version = "1.1.0")
    {
        var configuration = new JsonObject { ["cniVersion"] = version, ["name"] = "tenon", ["type"] = "tenon-cni", ["socket"] = socket };
        configure?.Invoke(configuration);
        return CallAsync(new Dictionary<string, string>(variables) { ["CNI_COMMAND"] = command }, configuration.ToJsonString(), program);
    }

    /// <summary>Calls it.</summary>
    public static async Task<CniAnswer> CallAsync(IReadOnlyDictionary<string, string> variables, string input, string? program = null)
    {
        var start = new ProcessStartInfo(program ?? Path) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("CNI_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input.AsMemory(), Limits.Token).InTime();
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync(Limits.Token).InTime();
        string errors = await process.StandardError.ReadToEndAsync(Limits.Token).InTime();
        await process.WaitForExitAsync(Limits.Token).InTime();
        errors.ShouldBeEmpty();
        return new(process.ExitCode, output.Length == 0 ? null : JsonNode.Parse(output));
    }

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "Tenon.slnx"))) folder = folder.Parent;
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return System.IO.Path.Combine(folder!.FullName, "src", "Tenon.Cni", "bin", configuration, "net10.0", "tenon-cni");
    }
}
