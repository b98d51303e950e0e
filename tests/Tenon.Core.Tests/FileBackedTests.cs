using System.Text;
using Tenon.Testing;

namespace Tenon.Core.Tests;

public sealed class FileBackedTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("file-backed-").FullName;
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _stale = [];

    private string First => Path.Combine(_folder, "first");

    private string Second => Path.Combine(_folder, "second");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private FileBacked<string> Both() => new([First, Second], contents =>
    {
        string[] texts = [.. contents.Select(Encoding.UTF8.GetString)];
        return texts[0] == texts[1] ? texts[0] : throw new FormatException("they do not belong together");
    }, Period, _time, e => _stale.Add(e.Message));

    private void Write(string first, string second)
    {
        File.WriteAllText(First, first);
        File.WriteAllText(Second, second);
    }

    [Fact]
    public void A_changed_file_is_seen_after_the_period_and_not_before()
    {
        Write("a", "a");
        FileBacked<string> both = Both();
        string value = both.Get();
        Write("b", "b");
        both.Get().ShouldBeSameAs(value);
        _time.Advance(Period);
        both.Get().ShouldBe("b");
    }

    [Fact]
    public void Unchanged_files_give_the_same_object_for_ever()
    {
        Write("a", "a");
        FileBacked<string> both = Both();
        string value = both.Get();
        Write("a", "a");
        _time.Advance(Period);
        both.Get().ShouldBeSameAs(value);
    }

    [Fact]
    public void A_half_renewed_pair_keeps_the_old_one_and_says_so_until_it_is_whole()
    {
        Write("a", "a");
        FileBacked<string> both = Both();
        both.Get().ShouldBe("a");
        Write("b", "a");
        _time.Advance(Period);
        both.Get().ShouldBe("a");
        _stale.ShouldBe(["they do not belong together"]);
        File.Delete(Second);
        _time.Advance(Period);
        both.Get().ShouldBe("a");
        _stale.Count.ShouldBe(2);
        Write("b", "b");
        _time.Advance(Period);
        both.Get().ShouldBe("b");
    }

    [Fact]
    public void What_was_refused_is_looked_at_at_once()
    {
        Write("a", "a");
        FileBacked<string> both = Both();
        both.Get();
        Write("b", "b");
        both.Expire();
        both.Get().ShouldBe("b");
    }

    [Fact]
    public void A_mounted_secret_is_renewed_behind_its_links()
    {
        // kubelet's way: ca.crt is a link to ..data/ca.crt, and ..data a link that is swapped.
        foreach (string version in new[] { "1", "2" })
        {
            Directory.CreateDirectory(Path.Combine(_folder, version));
            File.WriteAllText(Path.Combine(_folder, version, "ca.crt"), version);
        }

        string data = Path.Combine(_folder, "..data"), file = Path.Combine(_folder, "ca.crt");
        Directory.CreateSymbolicLink(data, "1");
        File.CreateSymbolicLink(file, "..data/ca.crt");
        var value = new FileBacked<string>([file], contents => Encoding.UTF8.GetString(contents[0]), Period, _time);
        value.Get().ShouldBe("1");
        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "2");
        _time.Advance(Period);
        value.Get().ShouldBe("2");
    }

    [Fact]
    public void The_first_failure_is_the_callers()
    {
        FileBacked<string> both = Both();
        Should.Throw<FileNotFoundException>(both.Get);
        Write("a", "b");
        Should.Throw<FormatException>(both.Get);
        _stale.ShouldBeEmpty();
        Write("a", "a");
        both.Get().ShouldBe("a");
    }
}
