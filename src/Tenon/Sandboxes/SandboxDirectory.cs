using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.CommandLine;

namespace Tenon.Sandboxes;

/// <summary>What a running sandbox leaves in its directory for those who want to reach or stop it.</summary>
/// <param name="ProcessId">The process that runs it.</param>
/// <param name="StartTicks">The kernel's start time of that process, so that another process with the same ID is not taken for it.</param>
/// <param name="AuthUrl">Keystone.</param>
/// <param name="ControlUrl">The control endpoint.</param>
internal sealed record SandboxRecord(int ProcessId, long StartTicks, string AuthUrl, string ControlUrl)
{
    /// <summary>Whether that process still runs.</summary>
    [JsonIgnore]
    public bool IsRunning => SandboxDirectory.StartTicksOf(ProcessId) == StartTicks;
}

/// <summary>The files of a sandbox: <c>kubeconfig</c>, <c>clouds.yaml</c>, <c>cloud.conf</c>, <c>sandbox.json</c>, and <c>sandbox.log</c> of a detached one.</summary>
internal sealed class SandboxDirectory(string path)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>The directory, as an absolute path.</summary>
    public string Root { get; } = Path.GetFullPath(path);

    public string Kubeconfig => Path.Combine(Root, "kubeconfig");

    public string CloudsYaml => Path.Combine(Root, "clouds.yaml");

    public string CloudConf => Path.Combine(Root, "cloud.conf");

    public string Log => Path.Combine(Root, "sandbox.log");

    private string RecordFile => Path.Combine(Root, "sandbox.json");

    /// <summary>The record of the sandbox that runs from here, or <see langword="null"/>.</summary>
    public SandboxRecord? Running()
    {
        if (!File.Exists(RecordFile)) return null;
        try
        {
            SandboxRecord? record = JsonSerializer.Deserialize<SandboxRecord>(File.ReadAllText(RecordFile));
            return record is { IsRunning: true } ? record : null;
        }
        catch (JsonException)
        {
            throw new CommandException(ExitCode.Failure, $"{RecordFile} is not what a sandbox wrote. Remove it if no sandbox runs from {Root}.");
        }
    }

    /// <summary>Writes the files of a running sandbox; credentials are readable by their owner alone.</summary>
    public void Write(Sandbox.SandboxHost host)
    {
        Directory.CreateDirectory(Root);
        WritePrivate(Kubeconfig, host.Kubeconfig);
        WritePrivate(CloudsYaml, host.CloudsYaml);
        WritePrivate(CloudConf, host.CloudConf);
        var record = new SandboxRecord(Environment.ProcessId, StartTicksOf(Environment.ProcessId) ?? 0, host.AuthUrl, host.ControlUrl.ToString());
        WritePrivate(RecordFile, JsonSerializer.Serialize(record, Json));
    }

    /// <summary>Removes what <see cref="Write"/> wrote.</summary>
    public void Clear()
    {
        if (!Directory.Exists(Root)) return;
        foreach (string file in new[] { RecordFile, Kubeconfig, CloudsYaml, CloudConf }) File.Delete(file);
    }

    /// <summary>When a process was started, in the kernel's ticks since boot (proc(5), field 22 of <c>stat</c>); <see langword="null"/> when there is none.</summary>
    public static long? StartTicksOf(int processId)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{processId}/stat");
            // The command's name is between parentheses and may hold blanks; the fields after it start with the state.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            bool gone = fields[0] is "Z" or "X";
            return gone ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static void WritePrivate(string file, string text)
    {
        string temporary = file + ".new";
        File.Delete(temporary);
        using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        using (var writer = new StreamWriter(stream)) writer.Write(text);
        File.Move(temporary, file, overwrite: true);
    }
}
